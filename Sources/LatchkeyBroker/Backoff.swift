internal import LatchkeyCore
internal import LatchkeyMetrics

/// A pause after a failure: until it ends, callers are given the failure again and nobody is asked.
struct Backoff: Hashable, Sendable {
    /// The failure that began it.
    let fault: UpstreamFault
    /// Failures in a row, this one included.
    let failures: Int
    /// When the failure was noted.
    let since: MonotonicTime
    private(set) var until: MonotonicTime
    /// The end of its cause may end it. Not so where an upstream fixed its length, or where the pause before it was ended
    /// so and the same failed again: what fails by itself in a tier that answers is asked no oftener for that.
    private var mayEndEarly: Bool
    /// The end of its cause has ended it.
    private var hasEndedEarly = false

    /// The pause after one more failure: 1 s, 2 s, 4 s … up to `cap`, each between three and five quarters of that
    /// so that replicas which failed together do not come back together.
    ///
    /// - Parameter chance: uniform in [0, 1).
    init(after previous: Backoff?, _ fault: UpstreamFault, now: MonotonicTime, cap: Duration, chance: Double = 0.5) {
        let earlier = previous?.failures ?? 0
        let length = min(cap, .seconds(1 << min(earlier, 16)))
        self.init(fault, failures: earlier + 1, since: now, until: now + min(cap, length * (0.75 + chance / 2)))
        mayEndEarly = previous?.hasEndedEarly != true
    }

    /// A pause of a length that something else fixed.
    init(_ fault: UpstreamFault, failures: Int = 1, since: MonotonicTime, until: MonotonicTime) {
        self.fault = fault
        self.failures = failures
        self.since = since
        self.until = until
        mayEndEarly = false
    }

    /// Makes the pause no longer than to `time`.
    mutating func end(by time: MonotonicTime) { until = min(until, time) }

    /// Whether the tier's failure began it. Credentials of AWS that could not be had are seen in the tiers that need them.
    func isCaused(by tier: Tier) -> Bool {
        guard fault.isOutage, let upstream = fault.upstream else { return false }
        let isAWS = tier != .auth0 && tier != .oauth2
        return upstream == tier.upstream || (isAWS && (upstream == .credentials || upstream == .sts))
    }

    /// Its cause ended at `recovery`, if ever: what waited for that goes on.
    mutating func end(because recovery: MonotonicTime?) {
        guard let recovery, mayEndEarly, since < recovery, recovery < until else { return }
        until = recovery
        hasEndedEarly = true
    }

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
