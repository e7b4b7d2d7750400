package import LatchkeyCore

/// Limits the token requests to an issuer, so that a defect cannot use up the issuer's own quota: at most ``perHour``
/// in any span of one hour. Pure.
package struct IssueBudget: Sendable {
    package static let span: Duration = .seconds(3600)

    /// At least 1.
    package let perHour: Int
    /// The times of the last requests, at most ``perHour``: a ring whose oldest entry is at ``oldest``.
    private var times: [MonotonicTime] = []
    private var oldest = 0

    package init(_ perHour: Int) { self.perHour = max(1, perHour) }

    /// Counts one request. If the budget is used up, counts nothing and returns the time until the next request is
    /// allowed.
    ///
    /// - Parameter reserve: requests that must remain for others.
    package mutating func spend(_ now: MonotonicTime, leaving reserve: Int = 0) -> Duration? {
        if let wait = wait(now, leaving: reserve) { return wait }
        guard times.count == perHour else {
            times.append(now)
            return nil
        }
        times[oldest] = now
        oldest = (oldest + 1) % perHour
        return nil
    }

    /// The time until a request is allowed that leaves the reserve; nil if it is allowed now.
    private func wait(_ now: MonotonicTime, leaving reserve: Int) -> Duration? {
        let available = perHour - min(max(reserve, 0), perHour)
        guard available > 0 else { return Self.span }
        // A request is allowed when the first of the last `available` requests is an hour old.
        let ordered = times[oldest...] + times[..<oldest]
        guard ordered.count >= available, let first = ordered.suffix(available).first else { return nil }
        let end = first + Self.span
        return end <= now ? nil : end - now
    }

    /// The requests that may be made now.
    package func remaining(_ now: MonotonicTime) -> Int {
        perHour - times.count { now < $0 + Self.span }
    }
}
