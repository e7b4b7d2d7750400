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
    package mutating func spend(_ now: MonotonicTime) -> Duration? {
        guard times.count == perHour else {
            times.append(now)
            return nil
        }
        let free = times[oldest] + Self.span
        guard free <= now else { return free - now }
        times[oldest] = now
        oldest = (oldest + 1) % perHour
        return nil
    }

    /// Requests that may be made now.
    package func remaining(_ now: MonotonicTime) -> Int {
        perHour - times.count { now < $0 + Self.span }
    }
}
