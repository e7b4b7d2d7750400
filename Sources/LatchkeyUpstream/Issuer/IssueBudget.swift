package import LatchkeyCore

/// Limits the token requests to an issuer, so that a defect cannot use up the issuer's own quota: at most ``perHour``
/// in any span of one hour. Pure.
package struct IssueBudget: Sendable {
    package static let span: Duration = .seconds(3600)

    private var requests: SlidingWindow

    package init(_ perHour: Int) { requests = SlidingWindow(maxEvents: perHour, span: Self.span) }

    /// At least 1.
    package var perHour: Int { requests.maxEvents }

    /// Counts one request. If the budget is used up, counts nothing and returns the time until the next request is
    /// allowed.
    ///
    /// - Parameter reserve: requests that must remain for others.
    package mutating func spend(_ now: MonotonicTime, leaving reserve: Int = 0) -> Duration? {
        requests.take(now, leaving: reserve)
    }

    /// The requests that may be made now.
    package func remaining(_ now: MonotonicTime) -> Int { requests.remaining(now) }
}
