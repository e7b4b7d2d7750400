/// Limits the events in any span of time to a number. Exact, unlike a ``TokenBucket``: it remembers the time of each
/// event. Pure.
package struct SlidingWindow: Sendable {
    /// The most events within ``span``, at least 1.
    package let maxEvents: Int
    package let span: Duration
    /// The times of the last events, at most ``maxEvents``: a ring whose oldest entry is at ``oldest``.
    private var times: [MonotonicTime] = []
    private var oldest = 0

    package init(maxEvents: Int, span: Duration) {
        self.maxEvents = max(1, maxEvents)
        self.span = span
    }

    /// Counts one event if it may happen now.
    ///
    /// - Parameter reserve: events that must remain for others.
    /// - Returns: the time until the event may happen. Nil if it may happen now; only then it is counted.
    package mutating func take(_ now: MonotonicTime, leaving reserve: Int = 0) -> Duration? {
        if let wait = wait(now, leaving: reserve) { return wait }
        guard times.count == maxEvents else {
            times.append(now)
            return nil
        }
        times[oldest] = now
        oldest = (oldest + 1) % maxEvents
        return nil
    }

    /// Events that may happen now.
    package func remaining(_ now: MonotonicTime) -> Int {
        maxEvents - times.count { now < $0 + span }
    }

    private func wait(_ now: MonotonicTime, leaving reserve: Int) -> Duration? {
        let available = maxEvents - min(max(reserve, 0), maxEvents)
        guard available > 0 else { return span }
        guard times.count >= available else { return nil }
        // The event may happen when the first of the last `available` events has left the window.
        let end = times[(oldest + times.count - available) % times.count] + span
        return end <= now ? nil : end - now
    }
}
