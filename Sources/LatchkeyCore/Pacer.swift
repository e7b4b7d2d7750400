/// A token bucket as one number: so many events a second on average, and a burst of up to a second's worth at once.
/// Pure (the generic cell rate algorithm, ITU-T I.371).
package struct Pacer: Hashable, Sendable {
    private let interval: Int64
    private let burst: Int64
    /// When the bucket would be full again if nothing more came.
    private var fullAt: Int64 = .min / 2

    /// - Parameters:
    ///   - count: events in each `period`, at least 1.
    ///   - burst: events at once after a quiet time; `count` where nil.
    package init(_ count: Int, each period: Duration, burst: Int? = nil) {
        interval = max(1, period.clampedNanoseconds / Int64(max(1, count)))
        self.burst = Int64(max(1, burst ?? count)) * interval
    }

    /// When the next event may happen: `now`, or later.
    package func earliest(_ now: MonotonicTime) -> MonotonicTime {
        MonotonicTime(nanoseconds: max(now.nanoseconds, fullAt + interval - burst))
    }

    /// Takes the next event's place.
    /// - Returns: when it may happen; nil, and nothing taken, when that would be later than `latest`.
    package mutating func reserve(_ now: MonotonicTime, notLaterThan latest: MonotonicTime) -> MonotonicTime? {
        let start = earliest(now)
        guard start <= latest else { return nil }
        fullAt = max(fullAt, now.nanoseconds) + interval
        return start
    }
}
