internal import LatchkeyCore
internal import LatchkeyMetrics

/// A pause after a failure. Until it ends, callers get the same failure and the upstream is not called.
struct Backoff: Hashable, Sendable {
    /// The failure that started the pause.
    let fault: UpstreamFault
    /// The number of consecutive failures, this one included.
    let failures: Int
    /// When the failure happened.
    let since: MonotonicTime
    private(set) var until: MonotonicTime
    /// Whether the recovery of the failed tier may end the pause early.
    ///
    /// False if the upstream asked for this length. Also false if the previous pause ended early and the call failed
    /// again: an item that fails on its own in a healthy tier must not be requested more often because of that.
    private var mayEndEarly: Bool
    /// Whether the recovery of the failed tier has ended the pause.
    private var hasEndedEarly = false

    /// An exponential backoff: 1 s, 2 s, 4 s … up to `cap`, each multiplied by 0.75 to 1.25 so that replicas that
    /// failed together do not retry together.
    ///
    /// - Parameters:
    ///   - previous: the backoff of the failure before this one; nil for the first failure.
    ///   - jitter: uniform in [0, 1).
    init(after previous: Backoff?, _ fault: UpstreamFault, now: MonotonicTime, cap: Duration, jitter: Double = 0.5) {
        let earlier = previous?.failures ?? 0
        let length = min(cap, .seconds(1 << min(earlier, 16)))
        self.init(fault, failures: earlier + 1, since: now, until: now + min(cap, length * (0.75 + jitter / 2)))
        mayEndEarly = previous?.hasEndedEarly != true
    }

    /// A backoff whose end is given, for example by `Retry-After`.
    init(_ fault: UpstreamFault, failures: Int = 1, since: MonotonicTime, until: MonotonicTime) {
        self.fault = fault
        self.failures = failures
        self.since = since
        self.until = until
        mayEndEarly = false
    }

    /// Ends the pause at `time` at the latest.
    mutating func end(by time: MonotonicTime) { until = min(until, time) }

    /// Whether an outage of `tier` caused the failure.
    ///
    /// AWS credentials that cannot be obtained count for every AWS tier, because each needs them.
    func isCaused(by tier: Tier) -> Bool {
        guard fault.isOutage, let upstream = fault.upstream else { return false }
        let isAWS = tier != .auth0 && tier != .oauth2
        return upstream == tier.upstream || (isAWS && (upstream == .credentials || upstream == .sts))
    }

    /// Ends the pause early if the failed tier recovered at `recovery`, during the pause.
    mutating func end(because recovery: MonotonicTime?) {
        guard let recovery, mayEndEarly, since < recovery, recovery < until else { return }
        until = recovery
        hasEndedEarly = true
    }

    /// The failure for callers during the pause, with the remaining time as `retryAfter`; nil once the pause is over.
    func fault(at now: MonotonicTime) -> UpstreamFault? {
        guard now < until else { return nil }
        var fault = fault
        fault.retryAfter = until - now
        return fault
    }

    /// The maximum pause while there is nothing to serve. It is short, so that callers are served within 5 s of the
    /// recovery.
    static let whileEmpty: Duration = .seconds(4)
    /// The maximum pause while a cached value is still served, and the maximum `Retry-After` that is accepted from a
    /// secret store.
    static let whileServing: Duration = .seconds(30)
    /// The pause after an issuer denied a request. Only a changed setting helps, so retries are rare.
    static let afterDenial: Duration = .seconds(10)
    /// The maximum `Retry-After` that is accepted from an issuer.
    static let maxRetryAfter: Duration = .seconds(3600)
    /// The average pause after a refresh was left to another replica and its token has not arrived.
    static let afterDeferral: Duration = .seconds(2)
    /// The minimum time between two forced refreshes of one key.
    static let betweenForced: Duration = .seconds(2)
}
