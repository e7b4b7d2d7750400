package import LatchkeyCore

/// A hard stop before an issuer's own quota is used up by a defect somewhere: never more than so many requests in any
/// span of an hour, wherever it begins. Pure.
package struct IssueBudget: Sendable {
    /// The span's length.
    package static let span: Duration = .seconds(3600)

    /// Most requests in an hour, at least 1.
    package let perHour: Int
    /// When the last requests were made, oldest at ``oldest``: at most ``perHour`` of them.
    private var times: [MonotonicTime] = []
    /// Where in the ring the oldest stands, once it is full.
    private var oldest = 0

    package init(_ perHour: Int) { self.perHour = max(1, perHour) }

    /// Takes one request's place; how long to wait for the next where there is none, and nothing is taken.
    ///
    /// - Parameter reserve: places that this request must leave to others.
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

    /// How long until there is a place beside those reserved; nil where there is one now.
    private func wait(_ now: MonotonicTime, leaving reserve: Int) -> Duration? {
        let open = perHour - min(max(reserve, 0), perHour)
        guard open > 0 else { return Self.span }
        // The last `open` requests, oldest first: when the first of them is an hour old there is a place.
        let ordered = times[oldest...] + times[..<oldest]
        guard ordered.count >= open, let first = ordered.suffix(open).first else { return nil }
        let free = first + Self.span
        return free <= now ? nil : free - now
    }

    /// Requests that may be made now.
    package func remaining(_ now: MonotonicTime) -> Int {
        perHour - times.count { now < $0 + Self.span }
    }
}
