internal import LatchkeyCore

/// A pause after a failure: until it ends, callers are given the failure again and nobody is asked.
struct Hold: Hashable, Sendable {
    /// The failure that began it.
    let fault: UpstreamFault
    /// Failures in a row, this one included.
    let failures: Int
    private(set) var until: MonotonicTime

    /// The pause after one more failure: 1 s, 2 s, 4 s … up to `cap`, each between three and five quarters of that
    /// so that replicas which failed together do not come back together.
    ///
    /// - Parameter chance: uniform in [0, 1).
    init(after previous: Hold?, _ fault: UpstreamFault, now: MonotonicTime, cap: Duration, chance: Double = 0.5) {
        let earlier = previous?.failures ?? 0
        let length = min(cap, .seconds(1 << min(earlier, 16)))
        self.init(fault, failures: earlier + 1, until: now + min(cap, length * (0.75 + chance / 2)))
    }

    /// A pause of a length that something else fixed.
    init(_ fault: UpstreamFault, failures: Int = 1, until: MonotonicTime) {
        self.fault = fault
        self.failures = failures
        self.until = until
    }

    /// Makes the pause no longer than to `time`.
    mutating func end(by time: MonotonicTime) { until = min(until, time) }

    /// The failure to give callers while the pause lasts, with what is left of it; nil once it is over.
    func fault(at now: MonotonicTime) -> UpstreamFault? {
        guard now < until else { return nil }
        var fault = fault
        fault.retryAfter = until - now
        return fault
    }

    /// The longest pause when nothing can be served: short, so that service is back within 5 s of the upstream.
    static let whileEmpty: Duration = .seconds(4)
    /// The longest pause between attempts to replace a token that is still valid, and the longest `Retry-After` of a
    /// store of secrets that is believed.
    static let whileServing: Duration = .seconds(30)
    /// The pause after an issuer's refusal, which nobody's retry will mend but a changed setting may.
    static let afterDenial: Duration = .seconds(10)
    /// The longest `Retry-After` of an issuer that is believed.
    static let longestRetryAfter: Duration = .seconds(3600)
    /// The pause before another look, on average, after a refresh that was left to another broker and is not there yet.
    static let afterDeferral: Duration = .seconds(2)
    /// The least time between two forced refreshes of one key.
    static let betweenForced: Duration = .seconds(2)
}
