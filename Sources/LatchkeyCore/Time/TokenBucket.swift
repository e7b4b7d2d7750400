/// A token bucket: a number of events a second on average, and up to a second's worth at once after a quiet time. Pure.
///
/// The bucket is kept as the point in time at which it is full again (the generic cell rate algorithm, ITU-T I.371).
package struct TokenBucket: Hashable, Sendable {
    /// Events a second. A change applies to later reservations; earlier ones keep their times.
    package var perSecond: Double
    /// When the bucket is full again if nothing more is taken.
    private var fullAt = MonotonicTime(nanoseconds: .min)

    /// A full bucket.
    ///
    /// - Parameter perSecond: events a second. Below one a second the bucket holds one event.
    package init(perSecond: Double) { self.perSecond = perSecond }

    /// When the next event may happen: `now`, or later.
    package func earliest(_ now: MonotonicTime) -> MonotonicTime { max(now, fullAt + (interval - capacity)) }

    /// Reserves the next event.
    ///
    /// - Returns: when it may happen. Nil if that would be later than `latest`; then nothing is reserved.
    package mutating func reserve(_ now: MonotonicTime, notLaterThan latest: MonotonicTime) -> MonotonicTime? {
        let start = earliest(now)
        guard start <= latest else { return nil }
        fullAt = max(fullAt, now) + interval
        return start
    }

    /// Takes one event if it may happen now.
    package mutating func take(_ now: MonotonicTime) -> Bool { reserve(now, notLaterThan: now) != nil }

    /// Events that may happen now.
    package func remaining(_ now: MonotonicTime) -> Int64 {
        let free = capacity - max(.zero, fullAt - now)
        return max(0, free.clampedNanoseconds / interval.clampedNanoseconds)
    }

    /// Empties the bucket: reservations that were made are void, and the next event may happen one interval from now.
    package mutating func drain(_ now: MonotonicTime) { fullAt = now + capacity }

    /// The time between two events at the average rate. A rate that is zero, negative or not a number gives the longest
    /// interval, 73 years.
    private var interval: Duration {
        let maxInterval = Int64.max / 4
        guard perSecond > 0 else { return .nanoseconds(maxInterval) }
        return .nanoseconds(OutsideNumber.clamped((1e9 / perSecond).rounded(.down), to: 1...maxInterval))
    }

    /// The time in which an empty bucket fills: a second, and never less than one event.
    private var capacity: Duration { max(.seconds(1), interval) }
}
