package import LatchkeyCore
internal import Synchronization

/// Every metric Latchkey has, by name, and the calls that move them.
///
/// Each update is one or two relaxed atomic additions at an index made of the labels' ordinals: no lock, no
/// dictionary, no allocation. All names, labels and label values are fixed when the process starts, but for the names of
/// profiles.
///
/// Which series exist before their first increment: the tiers in force (every outcome), authentication failures,
/// joined flights, stale answers, reload failures and open connections show 0 from the start, so that a first increment
/// is seen by `rate()`. Everything else, whose combinations are many and mostly senseless, appears when it first happens.
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
    private let issuerQuota: Gauges
    private let shadowComparisons: Counters
    private let reloadFailures: Counters
    private let buildInfo: Family
    /// The profiles' names by place; empty where there is none.
    private let profiles: Mutex<[String]>
    private let readProcess: @Sendable () -> ProcessReading?

    /// - Parameters:
    ///   - version: the build's version, the value of `latchkey_build_info`.
    ///   - profiles: the token profiles' names, in the order of their places; the label set of `profile`.
    ///   - places: how many profiles there is room for; nil where they do not change.
    ///   - tiersInForce: the tiers settings put to use; their request counters show 0 from the start.
    ///   - readProcess: reads `/proc/self` at each scrape; nil leaves the `process_*` metrics out.
    package init(
        version: String, profiles: [String], places: Int? = nil, tiersInForce: [(Resource, Tier)] = [],
        readProcess: @escaping @Sendable () -> ProcessReading? = { nil }
    ) {
        let free = max(0, (places ?? 0) - profiles.count)
        let profiles = profiles + [String](repeating: "", count: free)
        let profile = Family.Dimension("profile", values: profiles)
        self.profiles = Mutex(profiles)
        let shown = tiersInForce.flatMap { resource, tier in
            TierOutcome.allCases.map { Family.tierRequests.index(resource.rawValue, tier.rawValue, $0.rawValue) }
        }
        tierRequests = Counters(.tierRequests, shown: Set(shown))
        tierDurations = Histograms(.tierDurations, bounds: Self.upstreamBounds)
        httpRequests = Counters(.httpRequests)
        httpDurations = Histograms(.httpDurations, bounds: Self.httpBounds)
        httpConnections = Gauges(.httpConnections, initial: 0)
        upstreamRequests = Counters(.upstreamRequests)
        upstreamDurations = Histograms(.upstreamDurations, bounds: Self.upstreamBounds)
        upstreamRetries = Counters(.upstreamRetries)
        tokenExpiry = Gauges(.tokenExpiry(profile))
        tokenRefreshes = Counters(.tokenRefreshes(profile))
        singleFlightJoined = Counters(.singleFlightJoined, shown: Set(Resource.allCases.map(\.rawValue)))
        staleServed = Counters(.staleServed, shown: Set(Resource.allCases.map(\.rawValue)))
        authFailures = Counters(.authFailures, shown: Set(AuthFailure.allCases.map(\.rawValue)))
        issuerQuota = Gauges(.issuerQuota(profile))
        shadowComparisons = Counters(.shadowComparisons)
        reloadFailures = Counters(.reloadFailures, shown: Set(ReloadSubject.allCases.map(\.rawValue)))
        buildInfo = .buildInfo(version: version)
        self.readProcess = readProcess
    }

    /// Bucket bounds in seconds for answers to callers: 50 µs (a hit) to 10 s (the longest a caller waits).
    private static let httpBounds = [
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// Bucket bounds in seconds for calls that leave the process.
    private static let upstreamBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// Appends every metric to `bytes` in `format`.
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
        exposition.write(issuerQuota.named(profiles))
        exposition.write(shadowComparisons)
        exposition.write(reloadFailures)
        exposition.write(buildInfo, value: "1")
        if let process = readProcess() { exposition.write(process) }
        exposition.finish()
        bytes = exposition.bytes
    }
}

// MARK: - Moving them

extension Metrics {
    /// One tier was asked, or passed over.
    package func tierRequest(_ resource: Resource, _ tier: Tier, _ outcome: TierOutcome) {
        tierRequests.increment(resource.rawValue, tier.rawValue, outcome.rawValue)
    }

    /// How long one tier took to answer.
    package func tierDuration(_ resource: Resource, _ tier: Tier, _ duration: Duration) {
        tierDurations.observe(duration.clampedNanoseconds, resource.rawValue, tier.rawValue)
    }

    /// One answer went to a caller.
    package func httpRequest(_ route: Route, _ method: Method, _ code: StatusCode) {
        httpRequests.increment(route.rawValue, method.rawValue, code.rawValue)
    }

    /// Time from a request's last byte to its answer's first.
    package func httpDuration(_ route: Route, nanoseconds: Int64) {
        httpDurations.observe(nanoseconds, route.rawValue)
    }

    /// A connection opened (+1) or closed (-1).
    package func httpConnections(changedBy amount: Int) { httpConnections.add(Int64(amount), 0) }

    /// One attempt at an upstream ended.
    package func upstreamRequest(
        _ upstream: Upstream, _ operation: Operation, _ outcome: UpstreamOutcome, _ duration: Duration
    ) {
        upstreamRequests.increment(upstream.rawValue, operation.rawValue, outcome.rawValue)
        upstreamDurations.observe(duration.clampedNanoseconds, upstream.rawValue, operation.rawValue)
    }

    /// An attempt is made again.
    package func upstreamRetry(_ upstream: Upstream) { upstreamRetries.increment(upstream.rawValue) }

    /// The true expiry of the token now held for profile number `profile`, or nil when none is held.
    package func tokenExpiry(profile: Int, _ expiry: WallTime?) { tokenExpiry.set(expiry?.seconds, profile) }

    /// A token was fetched past memory, or could not be.
    package func tokenRefresh(profile: Int, _ reason: RefreshReason, _ outcome: RefreshOutcome) {
        tokenRefreshes.increment(profile, reason.rawValue, outcome.rawValue)
    }

    /// A caller joined a flight that another had started.
    package func flightJoined(_ resource: Resource) { singleFlightJoined.increment(resource.rawValue) }

    /// A value past its freshness was served since its upstream fails.
    package func staleServed(_ resource: Resource) { staleServed.increment(resource.rawValue) }

    /// A request was not let in.
    package func authFailure(_ reason: AuthFailure) { authFailures.increment(reason.rawValue) }

    /// What an issuer's answer said is left of an allowance. Nothing for a profile that was removed.
    package func issuerQuota(profile name: String, _ bucket: QuotaBucket, remaining: Int64) {
        profiles.withLock { profiles in
            guard let profile = profiles.firstIndex(of: name) else { return }
            issuerQuota.set(remaining, profile, bucket.rawValue)
        }
    }

    /// A place has another profile from now on, or none. The series of one that was removed are gone, and begin at 0
    /// when it comes back. Those of a profile that keeps its place go on.
    package func profile(_ place: Int, isCalled name: String?) {
        profiles.withLock { profiles in
            let name = name ?? ""
            guard profiles[place] != name else { return }
            profiles[place] = name
            tokenExpiry.reset(place)
            tokenRefreshes.reset(place)
            issuerQuota.reset(place)
        }
    }

    /// One value was compared between the two secret stores.
    package func shadowComparison(_ result: ShadowResult) { shadowComparisons.increment(result.rawValue) }

    /// Something that is followed cannot be read, or cannot be read for another reason than before.
    package func reloadFailure(_ what: ReloadSubject) { reloadFailures.increment(what.rawValue) }
}

// MARK: - The list

extension Family {
    static let tierRequests = Family(
        "latchkey_tier_requests", .counter, help: "Look-ups by tier and what the tier said.",
        [Dimension("resource", Resource.self), Dimension("tier", Tier.self), Dimension("outcome", TierOutcome.self)])
    static let tierDurations = Family(
        "latchkey_tier_request_duration_seconds", .histogram, unit: "seconds", help: "Time one tier took to answer.",
        [Dimension("resource", Resource.self), Dimension("tier", Tier.self)])
    static let httpRequests = Family(
        "latchkey_http_requests", .counter, help: "Requests answered, by route, method and status.",
        [Dimension("route", Route.self), Dimension("method", Method.self), Dimension("code", StatusCode.self)])
    static let httpDurations = Family(
        "latchkey_http_request_duration_seconds", .histogram, unit: "seconds",
        help: "Time from a request's last byte to its answer.", [Dimension("route", Route.self)])
    static let httpConnections = Family("latchkey_http_connections", .gauge, help: "Connections open now.")
    static let upstreamRequests = Family(
        "latchkey_upstream_requests", .counter, help: "Attempts at upstreams, retries included.",
        [
            Dimension("upstream", Upstream.self), Dimension("operation", Operation.self),
            Dimension("outcome", UpstreamOutcome.self),
        ])
    static let upstreamDurations = Family(
        "latchkey_upstream_request_duration_seconds", .histogram, unit: "seconds",
        help: "Time one attempt at an upstream took.",
        [Dimension("upstream", Upstream.self), Dimension("operation", Operation.self)])
    static let upstreamRetries = Family(
        "latchkey_upstream_retries", .counter, help: "Attempts that repeat a failed one.",
        [Dimension("upstream", Upstream.self)])
    static func tokenExpiry(_ profile: Dimension) -> Family {
        Family(
            "latchkey_token_expiry_timestamp_seconds", .gauge, unit: "seconds",
            help: "When the token held in memory truly expires, in seconds since the Unix epoch.", [profile])
    }
    static func tokenRefreshes(_ profile: Dimension) -> Family {
        Family(
            "latchkey_token_refreshes", .counter, help: "Token fetches past memory, by cause and end.",
            [profile, Dimension("reason", RefreshReason.self), Dimension("outcome", RefreshOutcome.self)])
    }
    static let singleFlightJoined = Family(
        "latchkey_singleflight_joined", .counter, help: "Callers that shared a fetch another had started.",
        [Dimension("resource", Resource.self)])
    static let staleServed = Family(
        "latchkey_stale_served", .counter, help: "Answers past their freshness, given because the upstream fails.",
        [Dimension("resource", Resource.self)])
    static let authFailures = Family(
        "latchkey_auth_failures", .counter, help: "Requests not let in, by reason.",
        [Dimension("reason", AuthFailure.self)])
    static func issuerQuota(_ profile: Dimension) -> Family {
        Family(
            "latchkey_issuer_quota_remaining", .gauge, help: "What is left of an issuer's allowance of tokens.",
            [profile, Dimension("bucket", QuotaBucket.self)])
    }
    static let shadowComparisons = Family(
        "latchkey_shadow_comparisons", .counter, help: "Values compared between the two secret stores.",
        [Dimension("result", ShadowResult.self)])
    static let reloadFailures = Family(
        "latchkey_reload_failures", .counter,
        help: "Times that something followed could not be read any more; the last good value stays in force.",
        [Dimension("what", ReloadSubject.self)])
    static func buildInfo(version: String) -> Family {
        Family(
            "latchkey_build", .info, help: "The build that is running.", [Dimension("version", values: [version])])
    }
}
