package import LatchkeyCore
internal import Synchronization

/// All metrics of Latchkey, and the calls that update them. `Family+Metrics.swift` says how to add one.
///
/// An update is one or two relaxed atomic additions at an index computed from the ordinals of the labels. It takes no
/// lock, no dictionary look-up and no allocation. All names, labels and label values are fixed when the process starts,
/// except for the names of profiles and callers.
///
/// Some series are 0 from the start, so that `rate()` sees their first increment: the tiers in use with every outcome,
/// authentication failures, joined flights, stale answers, reload failures and open connections. The other series, of
/// which most combinations of labels never occur, begin with their first increment.
package final class Metrics: Sendable {
    private let tierRequests: Counters
    private let tierDurations: Histograms
    private let httpRequests: Counters
    private let httpDurations: Histograms
    private let httpConnections: Gauges
    private let upstreamRequests: Counters
    private let upstreamDurations: Histograms
    private let upstreamRetries: Counters
    private let tokenExpiry: Gauges
    private let tokenRefreshes: Counters
    private let singleFlightJoined: Counters
    private let staleServed: Counters
    private let authFailures: Counters
    private let issuerQuotas: IssuerQuotas
    private let shadowComparisons: Counters
    private let reloadFailures: Counters
    private let handshakes: Counters
    private let callerRequests: Counters
    private let policyWouldDeny: Counters
    private let auditLines: Counters
    private let certificateStart: Gauges
    private let certificateExpiry: Gauges
    private let state = StateGauges()
    private let buildInfo: Family
    /// The name of the profile at each index; empty if there is none.
    private let profiles: Mutex<[String]>
    private let callers = Mutex(CallerLabels())
    private let readProcess: @Sendable () -> ProcessReading?

    /// - Parameters:
    ///   - version: the version of the build, for `latchkey_build_info`.
    ///   - profiles: the names of the token profiles by index: the values of the label `profile`.
    ///   - profileSlots: the number of indices for profiles; nil if the profiles do not change.
    ///   - tiersInUse: the tiers in use; their request counters are 0 from the start.
    ///   - certificates: the names of the server certificates by index: the values of the label `name`.
    ///   - readProcess: reads `/proc/self` at each scrape; nil leaves the `process_*` metrics out.
    package init(
        version: String, profiles: [String], profileSlots: Int? = nil, tiersInUse: [(Resource, Tier)] = [],
        certificates: [String] = [],
        readProcess: @escaping @Sendable () -> ProcessReading? = { nil }
    ) {
        let unused = max(0, (profileSlots ?? 0) - profiles.count)
        let profiles = profiles + [String](repeating: "", count: unused)
        let profile = Family.Dimension("profile", values: profiles)
        self.profiles = Mutex(profiles)
        let initiallyShown = tiersInUse.flatMap { resource, tier in
            TierOutcome.allCases.map { Family.tierRequests.index(resource.rawValue, tier.rawValue, $0.rawValue) }
        }
        tierRequests = Counters(.tierRequests, initiallyShown: Set(initiallyShown))
        tierDurations = Histograms(.tierDurations, bounds: Self.upstreamBounds)
        httpRequests = Counters(.httpRequests)
        httpDurations = Histograms(.httpDurations, bounds: Self.httpBounds)
        httpConnections = Gauges(.httpConnections, initial: 0)
        upstreamRequests = Counters(.upstreamRequests)
        upstreamDurations = Histograms(.upstreamDurations, bounds: Self.upstreamBounds)
        upstreamRetries = Counters(.upstreamRetries)
        tokenExpiry = Gauges(.tokenExpiry(profile))
        tokenRefreshes = Counters(.tokenRefreshes(profile))
        singleFlightJoined = Counters(.singleFlightJoined, initiallyShown: Set(Resource.allCases.map(\.rawValue)))
        staleServed = Counters(.staleServed, initiallyShown: Set(Resource.allCases.map(\.rawValue)))
        authFailures = Counters(.authFailures, initiallyShown: Set(AuthFailure.allCases.map(\.rawValue)))
        issuerQuotas = IssuerQuotas(profile)
        shadowComparisons = Counters(.shadowComparisons)
        reloadFailures = Counters(.reloadFailures, initiallyShown: Set(ReloadSubject.allCases.map(\.rawValue)))
        // Without TLS there is nothing to count.
        handshakes = Counters(
            .handshakes, initiallyShown: Set(certificates.isEmpty ? [] : HandshakeOutcome.allCases.map(\.rawValue)))
        let caller = Family.Dimension("caller", values: CallerLabels().values)
        callerRequests = Counters(.callerRequests(caller))
        policyWouldDeny = Counters(.policyWouldDeny(caller))
        auditLines = Counters(.auditLines, initiallyShown: Set(AuditOutcome.allCases.map(\.rawValue)))
        certificateStart = Gauges(.certificateStart(certificates))
        certificateExpiry = Gauges(.certificateExpiry(certificates))
        buildInfo = .buildInfo(version: version)
        self.readProcess = readProcess
    }

    /// Bucket bounds in seconds for responses to callers: from 50 µs, a hit, to 10 s, the longest wait of a caller.
    private static let httpBounds = [
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// Bucket bounds in seconds for calls that leave the process.
    private static let upstreamBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// Appends the metrics page to `bytes`.
    package func render(_ format: ExpositionFormat, into bytes: inout [UInt8]) {
        var exposition = Exposition(format, appendingTo: bytes)
        let profiles = profiles.withLock { $0 }
        exposition.write(tierRequests)
        exposition.write(tierDurations)
        exposition.write(httpRequests)
        exposition.write(httpDurations)
        exposition.write(httpConnections)
        exposition.write(upstreamRequests)
        exposition.write(upstreamDurations)
        exposition.write(upstreamRetries)
        exposition.write(tokenExpiry.named(profiles))
        exposition.write(tokenRefreshes.named(profiles))
        exposition.write(singleFlightJoined)
        exposition.write(staleServed)
        exposition.write(authFailures)
        exposition.write(issuerQuotas.remaining.named(profiles))
        exposition.write(issuerQuotas.limits.named(profiles))
        exposition.write(shadowComparisons)
        exposition.write(reloadFailures)
        exposition.write(handshakes)
        let callers = callers.withLock { $0.values }
        exposition.write(callerRequests.named(callers))
        exposition.write(policyWouldDeny.named(callers))
        exposition.write(auditLines)
        exposition.write(certificateStart)
        exposition.write(certificateExpiry)
        for gauges in state.all { exposition.write(gauges) }
        exposition.write(buildInfo, value: "1")
        if let process = readProcess() { exposition.write(process) }
        exposition.finish()
        bytes = exposition.bytes
    }
}

// MARK: - Updates

extension Metrics {
    /// A tier was asked or skipped.
    package func tierRequest(_ resource: Resource, _ tier: Tier, _ outcome: TierOutcome) {
        tierRequests.increment(resource.rawValue, tier.rawValue, outcome.rawValue)
    }

    /// The time that a tier took to answer.
    package func tierDuration(_ resource: Resource, _ tier: Tier, _ duration: Duration) {
        tierDurations.observe(duration.clampedNanoseconds, resource.rawValue, tier.rawValue)
    }

    /// A response was sent to a caller.
    package func httpRequest(_ route: Route, _ method: Method, _ code: StatusCode) {
        httpRequests.increment(route.rawValue, method.rawValue, code.rawValue)
    }

    /// The time from the last byte of a request to the first byte of its response.
    package func httpDuration(_ route: Route, nanoseconds: Int64) {
        httpDurations.observe(nanoseconds, route.rawValue)
    }

    /// The trace of a request whose duration was counted. It must be recorded.
    package func httpExemplar(_ route: Route, nanoseconds: Int64, _ trace: TraceContext) {
        httpDurations.exemplify(trace, nanoseconds, route.rawValue)
    }

    /// A connection was opened (+1) or closed (-1).
    package func httpConnections(changedBy amount: Int) { httpConnections.add(Int64(amount), 0) }

    /// An attempt at an upstream ended.
    package func upstreamRequest(
        _ upstream: Upstream, _ operation: Operation, _ outcome: UpstreamOutcome, took duration: Duration
    ) {
        upstreamRequests.increment(upstream.rawValue, operation.rawValue, outcome.rawValue)
        let index = upstreamDurations.family.index(upstream.rawValue, operation.rawValue)
        upstreamDurations.observe(duration.clampedNanoseconds, index)
        if let trace = TraceContext.current, trace.isSampled {
            upstreamDurations.exemplify(trace, duration.clampedNanoseconds, index)
        }
    }

    /// An attempt at an upstream is repeated.
    package func upstreamRetry(_ upstream: Upstream) { upstreamRetries.increment(upstream.rawValue) }

    /// The expiry of the token in memory for the profile at index `profile`; nil if there is none.
    package func tokenExpiry(profile: Int, _ expiry: WallTime?) { tokenExpiry.set(expiry?.seconds, profile) }

    /// A token refresh ended.
    package func tokenRefresh(profile: Int, _ reason: RefreshReason, _ outcome: RefreshOutcome) {
        tokenRefreshes.increment(profile, reason.rawValue, outcome.rawValue)
    }

    /// A caller joined a flight that another caller had started.
    package func flightJoined(_ resource: Resource) { singleFlightJoined.increment(resource.rawValue) }

    /// A stale value was served because its upstream fails.
    package func staleServed(_ resource: Resource) { staleServed.increment(resource.rawValue) }

    /// A request was rejected.
    package func authFailure(_ reason: AuthFailure) { authFailures.increment(reason.rawValue) }

    /// An issuer's response stated its remaining quota. Ignored for a profile that was removed.
    ///
    /// - Parameters:
    ///   - limit: requests in all; nil if unknown.
    ///   - fullAt: when the allowance is full again; nil if unknown.
    package func issuerQuota(
        profile name: String, _ bucket: QuotaBucket, remaining: Int64, limit: Int64? = nil,
        fullAt: MonotonicTime? = nil
    ) {
        profiles.withLock { profiles in
            guard let profile = profiles.firstIndex(of: name) else { return }
            issuerQuotas.set(profile, bucket, remaining: remaining, limit: limit, fullAt: fullAt)
        }
    }

    /// Another profile, or none, is now at `index`. The series of the removed profile end, and begin at 0 if it is
    /// added again. Nothing changes if the profile at the index stays the same.
    package func profile(_ index: Int, isNamed name: String?) {
        profiles.withLock { profiles in
            let name = name ?? ""
            guard profiles[index] != name else { return }
            profiles[index] = name
            tokenExpiry.reset(index)
            tokenRefreshes.reset(index)
            issuerQuotas.reset(index)
        }
    }

    /// A value was compared in the two secret stores.
    package func shadowComparison(_ result: ShadowResult) { shadowComparisons.increment(result.rawValue) }

    /// Reading a followed file or parameter has begun to fail, or fails for another reason than before.
    package func reloadFailure(_ subject: ReloadSubject) { reloadFailures.increment(subject.rawValue) }

    /// Lines of the audit log were written or lost.
    package func auditLines(_ outcome: AuditOutcome, _ count: Int64) { auditLines.add(count, outcome.rawValue) }

    /// A TLS handshake with a caller ended.
    package func handshake(_ outcome: HandshakeOutcome) { handshakes.increment(outcome.rawValue) }

    /// These callers exist now. The series of those that are gone end.
    ///
    /// - Returns: the ordinal of each caller for ``callerRequest(_:_:_:)``.
    package func callers(_ ids: [String]) -> [Int] {
        callers.withLock { labels in
            let (ordinals, changed) = labels.replace(with: ids)
            for ordinal in changed {
                callerRequests.reset(ordinal)
                policyWouldDeny.reset(ordinal)
            }
            return ordinals
        }
    }

    /// It was decided whether a caller may have what it asks for.
    ///
    /// - Parameter caller: the caller's ordinal.
    package func callerRequest(_ caller: Int, _ resource: CallerResource, _ decision: CallerDecision) {
        callerRequests.increment(caller, resource.rawValue, decision.rawValue)
    }

    /// A caller got what the callers file does not give it, because its mode is `observe`.
    package func policyWouldDeny(_ caller: Int) { policyWouldDeny.increment(caller) }

    /// The validity of the server certificate at `index`.
    package func certificate(_ index: Int, from start: WallTime, until expiry: WallTime) {
        certificateStart.set(start.seconds, index)
        certificateExpiry.set(expiry.seconds, index)
    }

    /// The state before a rendering.
    package func state(_ reading: StateReading, _ now: MonotonicTime) {
        state.set(reading)
        issuerQuotas.refill(now)
    }
}
