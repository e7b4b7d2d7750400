package import LatchkeyCore

/// Limits the rate of calls. The rate falls when the service throttles and rises again while it does not (additive
/// increase, multiplicative decrease, as in the SDKs' `adaptive` retry mode). Pure.
///
/// A call reserves a slot and waits for it. Throttling voids the slots that are still to come: a call that wakes at a
/// slot of an earlier epoch reserves another.
package struct CallRateLimiter: Hashable, Sendable {
    /// When a call may be made.
    package struct Slot: Hashable, Sendable {
        package let time: MonotonicTime
        fileprivate let epoch: Int
    }

    /// The next slot is later than the call can wait for.
    package struct NoSlot: Error, Hashable, Sendable {
        /// The time to the next slot.
        package let wait: Duration

        package init(wait: Duration) { self.wait = wait }
    }

    /// The lower bound of the rate. At this rate one successful call doubles it.
    package static let minPerSecond = 0.5
    /// The factor by which throttling reduces the rate.
    package static let decrease = 0.7
    /// Throttled responses within this time of a reduction belong to calls made before it, and reduce the rate no
    /// further.
    package static let settlingTime: Duration = .seconds(1)

    private let maxPerSecond: Double
    private var bucket: TokenBucket
    /// Counts the reductions of the rate.
    private var epoch = 0
    private var lastReduction: MonotonicTime?

    /// - Parameter maxPerSecond: calls a second, at least 1. As many may be made at once after a quiet second.
    package init(maxPerSecond: Int) {
        self.maxPerSecond = Double(max(1, maxPerSecond))
        bucket = TokenBucket(perSecond: self.maxPerSecond)
    }

    /// Calls a second at present.
    package var perSecond: Double { bucket.perSecond }

    /// Reserves the next slot. Reserves nothing if it would be later than `latest`.
    package mutating func reserve(_ now: MonotonicTime, notLaterThan latest: MonotonicTime) throws(NoSlot) -> Slot {
        guard let time = bucket.reserve(now, notLaterThan: latest) else {
            throw NoSlot(wait: bucket.earliest(now) - now)
        }
        return Slot(time: time, epoch: epoch)
    }

    /// Whether the slot is still valid: the rate has not been reduced since it was reserved.
    package func isValid(_ slot: Slot) -> Bool { slot.epoch == epoch }

    /// The service answered a call with throttling.
    package mutating func throttled(_ now: MonotonicTime) {
        if let lastReduction, now - lastReduction < Self.settlingTime { return }
        lastReduction = now
        bucket.perSecond = max(Self.minPerSecond, perSecond * Self.decrease)
        bucket.drain(now)
        epoch += 1
    }

    /// The service carried out a call. The rate rises by one call a second for each second at the full rate.
    package mutating func succeeded() {
        if perSecond < maxPerSecond { bucket.perSecond = min(maxPerSecond, perSecond + 1 / perSecond) }
    }
}
