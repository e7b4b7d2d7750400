internal import LatchkeyCore

/// The figures of one broker, or of several together. Rates are per second.
package struct BrokerFigures: Sendable {
    /// One row of a table.
    package struct Row: Hashable, Sendable {
        package let name: String
        /// The name for narrow columns.
        package let shortName: String
        /// Requests, calls, or what callers were given.
        package let rate: Double
        package let errors: Double
        /// Seconds; nil without an observation.
        package var median: Double?
        package var high: Double?
        /// Tiers: values that were found, were not, or were served past their time. Callers: what would be denied.
        package var more: [Double] = []
    }

    /// The token of a profile, of the broker where it expires first.
    package struct TokenRow: Hashable, Sendable {
        package let profile: String
        package let state: String
        package let seconds: Int64?
    }

    package private(set) var routes: [Row] = []
    package private(set) var tiers: [Row] = []
    package private(set) var upstreams: [Row] = []
    package private(set) var callers: [Row] = []
    package private(set) var tokens: [TokenRow] = []
    package private(set) var requests = 0.0
    package private(set) var errors = 0.0
    /// Requests without a valid credential or scope.
    package private(set) var refused = 0.0
    package private(set) var high: Double?
    package private(set) var retries = 0.0
    package private(set) var stale = 0.0
    package private(set) var handshakes = 0.0
    package private(set) var failedHandshakes = 0.0
    /// The share of reads that memory answered, 0 to 1, by resource; empty without a read.
    package private(set) var hitRatios: [String: Double] = [:]
    package private(set) var connections: Double?
    /// Bytes.
    package private(set) var memory: Double?
    package private(set) var files: Double?
    package private(set) var maxFiles: Double?
    /// Cores that are busy.
    package private(set) var processor: Double?

    /// - Parameter brokers: those that are shown together.
    package init(_ brokers: [WatchedBroker]) {
        var rates = SeriesRates()
        for broker in brokers { broker.add(to: &rates) }
        addRoutes(rates)
        addTiers(rates)
        addUpstreams(rates)
        addCallers(rates)
        let reachable = brokers.filter { $0.failure == nil }.compactMap(\.reading)
        addTokens(reachable)
        refused = rates.sum("latchkey_auth_failures_total")
        stale = rates.sum("latchkey_stale_served_total")
        retries = rates.sum("latchkey_upstream_retries_total")
        handshakes = rates.sum("latchkey_tls_handshakes_total")
        let good = ["ok", "resumed"].reduce(0) { $0 + rates.sum("latchkey_tls_handshakes_total", ["outcome": $1]) }
        failedHandshakes = max(0, handshakes - good)
        addProcess(reachable.compactMap(\.metrics), rates)
    }

    private mutating func addRoutes(_ rates: SeriesRates) {
        let (total, time) = ("latchkey_http_requests_total", "latchkey_http_request_duration_seconds")
        for group in rates.groups(total, by: ["route"]) {
            let codes = rates.groups(total, by: ["code"]).filter { $0["code"]?.hasPrefix("5") ?? false }
            let errors = codes.reduce(0) { $0 + rates.sum(total, group.merging($1) { $1 }) }
            let route = group["route"] ?? ""
            routes.append(
                Row(
                    name: route, shortName: route, rate: rates.sum(total, group), errors: errors,
                    median: rates.quantile(0.5, time, group), high: rates.quantile(0.99, time, group)))
        }
        requests = routes.reduce(0) { $0 + $1.rate }
        errors = routes.reduce(0) { $0 + $1.errors }
        high = rates.quantile(0.99, time)
    }

    private mutating func addTiers(_ rates: SeriesRates) {
        let (total, time) = ("latchkey_tier_requests_total", "latchkey_tier_request_duration_seconds")
        for group in rates.groups(total, by: ["resource", "tier"]) {
            let outcomes = ["hit", "miss", "stale", "error"].map {
                rates.sum(total, group.merging(["outcome": $0]) { $1 })
            }
            let (resource, tier) = (group["resource"] ?? "", group["tier"] ?? "")
            tiers.append(
                Row(
                    name: "\(resource) \(tier)", shortName: "\(resource) \(Self.short(tier))",
                    rate: outcomes.reduce(0, +), errors: outcomes[3], high: rates.quantile(0.99, time, group),
                    more: Array(outcomes.prefix(3))))
            let asked = outcomes[0] + outcomes[1] + outcomes[2]
            if tier == "memory", asked > 0 { hitRatios[resource] = (outcomes[0] + outcomes[2]) / asked }
        }
    }

    private mutating func addUpstreams(_ rates: SeriesRates) {
        let (total, time) = ("latchkey_upstream_requests_total", "latchkey_upstream_request_duration_seconds")
        for group in rates.groups(total, by: ["upstream", "operation"]) {
            let (upstream, operation) = (group["upstream"] ?? "", group["operation"] ?? "")
            let rate = rates.sum(total, group)
            let good = ["success", "not_found"].reduce(0) { sum, outcome in
                sum + rates.sum(total, group.merging(["outcome": outcome]) { $1 })
            }
            upstreams.append(
                Row(
                    name: "\(upstream) \(operation)", shortName: "\(Self.short(upstream)) \(operation)", rate: rate,
                    errors: max(0, rate - good), high: rates.quantile(0.99, time, group)))
        }
    }

    private mutating func addCallers(_ rates: SeriesRates) {
        let total = "latchkey_caller_requests_total"
        for group in rates.groups(total, by: ["caller"]) {
            let caller = group["caller"] ?? ""
            let wouldDeny = rates.sum("latchkey_policy_would_deny_total", group)
            callers.append(
                Row(
                    name: caller, shortName: caller,
                    rate: rates.sum(total, group.merging(["decision": "allowed"]) { $1 }),
                    errors: rates.sum(total, group.merging(["decision": "denied"]) { $1 }), more: [wouldDeny]))
        }
    }

    /// From `/health`, or without it from the metrics, which know only when the token in memory expires.
    private mutating func addTokens(_ readings: [BrokerReading]) {
        var first: [String: TokenRow] = [:]
        func add(_ row: TokenRow) {
            guard let known = first[row.profile], known.seconds ?? .max <= row.seconds ?? .max else {
                return first[row.profile] = row
            }
        }
        for reading in readings {
            if let health = reading.health {
                for (profile, token) in health.tokens {
                    add(TokenRow(profile: profile, state: token.state, seconds: token.seconds))
                }
                continue
            }
            for sample in reading.metrics?["latchkey_token_expiry_timestamp_seconds"] ?? [] {
                let left = OutsideNumber.clamped(
                    sample.value - Double(reading.time.wall.seconds), to: OutsideNumber.counters)
                let state = left > 0 ? "valid" : "expired"
                add(TokenRow(profile: sample.labels["profile"] ?? "", state: state, seconds: left))
            }
        }
        tokens = first.values.sorted { ($0.seconds ?? .max, $0.profile) < ($1.seconds ?? .max, $1.profile) }
    }

    private mutating func addProcess(_ pages: [MetricsPage], _ rates: SeriesRates) {
        func sum(_ name: String) -> Double? {
            let values = pages.compactMap { $0.sum(name) }
            return values.isEmpty ? nil : values.reduce(0, +)
        }
        connections = sum("latchkey_http_connections")
        memory = sum("process_resident_memory_bytes")
        files = sum("process_open_fds")
        maxFiles = sum("process_max_fds")
        processor = sum("process_cpu_seconds_total").map { _ in rates.sum("process_cpu_seconds_total") }
    }

    private static func short(_ name: String) -> String {
        switch name {
        case "parameter_store": "params"
        case "secrets_manager": "secretsm"
        default: name
        }
    }
}
