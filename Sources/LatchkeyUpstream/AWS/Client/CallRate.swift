package import LatchkeyCore

/// How fast calls of one kind may go: a token bucket whose rate falls when the service throttles and rises again while
/// it does not (additive increase, multiplicative decrease, as the SDKs' `adaptive` retry mode has it). Pure.
///
/// Calls queue by taking a place in time. A cut moves every place that is still to come: whoever wakes at a place taken
/// before it (``Turn/epoch``) takes another.
package struct CallRate: Hashable, Sendable {
    /// A call's place.
    package struct Turn: Hashable, Sendable {
        package var at: MonotonicTime
        /// Cuts of the rate until now; see ``isCurrent(_:)``.
        package var epoch: Int
    }

    /// Why there is no place: how long until there would be one.
    package struct Full: Error, Hashable, Sendable {
        package var wait: Duration

        package init(wait: Duration) { self.wait = wait }
    }

    /// The rate never falls below, in calls a second: one success at it doubles it.
    package static let floor = 0.5
    /// What is left of the rate after it was cut.
    package static let cut = 0.7
    /// Answers that tell of throttling within this of a cut are of calls made before it, and cut no further.
    package static let settling: Duration = .seconds(1)

    /// Calls a second at the most.
    package let ceiling: Double
    /// Calls a second now.
    package private(set) var current: Double
    private var epoch = 0
    private var lastCut: MonotonicTime?
    /// When the bucket would be full again if nothing more came.
    private var fullAt = MonotonicTime(nanoseconds: .min / 2)

    /// - Parameter ceiling: calls a second, at least 1. So many may go at once after a quiet second.
    package init(ceiling: Int) {
        self.ceiling = Double(max(1, ceiling))
        current = self.ceiling
    }

    /// Takes the next place; takes none when that would be later than `latest`.
    package mutating func take(_ now: MonotonicTime, notLaterThan latest: MonotonicTime) throws(Full) -> Turn {
        let at = earliest(now)
        guard at <= latest else { throw Full(wait: at - now) }
        fullAt = max(fullAt, now) + interval
        return Turn(at: at, epoch: epoch)
    }

    /// Whether the rate has not been cut since the place was taken.
    package func isCurrent(_ turn: Turn) -> Bool { turn.epoch == epoch }

    /// The service answered a call with throttling.
    package mutating func throttled(_ now: MonotonicTime) {
        if let lastCut, now - lastCut < Self.settling { return }
        lastCut = now
        current = max(Self.floor, current * Self.cut)
        // Nothing is left of the burst, and whoever had a place behind takes a new one.
        fullAt = now + burst
        epoch += 1
    }

    /// The service did as it was asked: one call a second more after each second at the full rate.
    package mutating func succeeded() {
        if current < ceiling { current = min(ceiling, current + 1 / current) }
    }

    private var interval: Duration { .seconds(1 / current) }
    /// A second's worth of calls, one at least.
    private var burst: Duration { max(.seconds(1), interval) }

    private func earliest(_ now: MonotonicTime) -> MonotonicTime { max(now, fullAt + (interval - burst)) }
}
