/// The metric families of Latchkey.
///
/// To add a metric:
/// 1. Add its family here. The values of a label are an enumeration in this target.
/// 2. Add a property to ``Metrics``, its initial value in `init`, a line in `render`, and a function that changes it.
/// 3. Describe it in Metrics.md; a test compares that page with this file.
extension Family {
    static let tierRequests = Family(
        "latchkey_tier_requests", .counter, help: "Requests to tiers, by outcome.",
        [Dimension("resource", Resource.self), Dimension("tier", Tier.self), Dimension("outcome", TierOutcome.self)])
    static let tierDurations = Family(
        "latchkey_tier_request_duration_seconds", .histogram, unit: "seconds", help: "Time that a tier took to answer.",
        [Dimension("resource", Resource.self), Dimension("tier", Tier.self)])
    static let httpRequests = Family(
        "latchkey_http_requests", .counter, help: "Responses, by route, method and status.",
        [Dimension("route", Route.self), Dimension("method", Method.self), Dimension("code", StatusCode.self)])
    static let httpDurations = Family(
        "latchkey_http_request_duration_seconds", .histogram, unit: "seconds",
        help: "Time from the last byte of a request to its response.", [Dimension("route", Route.self)])
    static let httpConnections = Family("latchkey_http_connections", .gauge, help: "Open connections.")
    static let upstreamRequests = Family(
        "latchkey_upstream_requests", .counter, help: "Attempts at upstreams, retries included.",
        [
            Dimension("upstream", Upstream.self), Dimension("operation", Operation.self),
            Dimension("outcome", UpstreamOutcome.self),
        ])
    static let upstreamDurations = Family(
        "latchkey_upstream_request_duration_seconds", .histogram, unit: "seconds",
        help: "Time of an attempt at an upstream.",
        [Dimension("upstream", Upstream.self), Dimension("operation", Operation.self)])
    static let upstreamRetries = Family(
        "latchkey_upstream_retries", .counter, help: "Repeated attempts at upstreams.",
        [Dimension("upstream", Upstream.self)])
    static func tokenExpiry(_ profile: Dimension) -> Family {
        Family(
            "latchkey_token_expiry_timestamp_seconds", .gauge, unit: "seconds",
            help: "Expiry of the token in memory, in seconds since the Unix epoch.", [profile])
    }
    static func tokenRefreshes(_ profile: Dimension) -> Family {
        Family(
            "latchkey_token_refreshes", .counter, help: "Token refreshes, by reason and outcome.",
            [profile, Dimension("reason", RefreshReason.self), Dimension("outcome", RefreshOutcome.self)])
    }
    static let singleFlightJoined = Family(
        "latchkey_singleflight_joined", .counter, help: "Callers that joined a request another caller had started.",
        [Dimension("resource", Resource.self)])
    static let staleServed = Family(
        "latchkey_stale_served", .counter, help: "Stale values served because the upstream fails.",
        [Dimension("resource", Resource.self)])
    static let authFailures = Family(
        "latchkey_auth_failures", .counter, help: "Rejected requests, by reason.",
        [Dimension("reason", AuthFailure.self)])
    static func issuerQuota(_ profile: Dimension) -> Family {
        Family(
            "latchkey_issuer_quota_remaining", .gauge, help: "Remaining quota of an issuer.",
            [profile, Dimension("bucket", QuotaBucket.self)])
    }
    static func issuerQuotaLimit(_ profile: Dimension) -> Family {
        Family(
            "latchkey_issuer_quota_limit", .gauge, help: "Quota of an issuer in all.",
            [profile, Dimension("bucket", QuotaBucket.self)])
    }
    static func callerRequests(_ caller: Dimension) -> Family {
        Family(
            "latchkey_caller_requests", .counter, help: "Requests by caller and decision.",
            [caller, Dimension("resource", CallerResource.self), Dimension("decision", CallerDecision.self)])
    }
    static func policyWouldDeny(_ caller: Dimension) -> Family {
        Family(
            "latchkey_policy_would_deny", .counter,
            help: "Secrets and tokens that the callers file would refuse in the mode enforce.", [caller])
    }
    static let shadowComparisons = Family(
        "latchkey_shadow_comparisons", .counter, help: "Values compared in the two secret stores.",
        [Dimension("result", ShadowResult.self)])
    static let reloadFailures = Family(
        "latchkey_reload_failures", .counter,
        help: "Failures to read a followed file or parameter again; the last good value stays in use.",
        [Dimension("what", ReloadSubject.self)])
    static let handshakes = Family(
        "latchkey_tls_handshakes", .counter, help: "TLS handshakes of callers, by outcome.",
        [Dimension("outcome", HandshakeOutcome.self)])
    static let auditLines = Family(
        "latchkey_audit_lines", .counter, help: "Lines of the audit log, by outcome.",
        [Dimension("outcome", AuditOutcome.self)])
    static func certificateStart(_ names: [String]) -> Family {
        Family(
            "latchkey_tls_certificate_start_timestamp_seconds", .gauge, unit: "seconds",
            help: "Start of the validity of a server certificate in use, in seconds since the Unix epoch.",
            [Dimension("name", values: names)])
    }
    static func certificateExpiry(_ names: [String]) -> Family {
        Family(
            "latchkey_tls_certificate_expiry_timestamp_seconds", .gauge, unit: "seconds",
            help: "Expiry of a server certificate in use, in seconds since the Unix epoch.",
            [Dimension("name", values: names)])
    }
    static let health = Family(
        "latchkey_health_status", .gauge, help: "1 for the present status of /health, 0 for the others.",
        [Dimension("status", HealthStatus.self)])
    static let failingReloads = Family(
        "latchkey_reloads_failing", .gauge,
        help: "Followed files, parameters and settings that cannot be read or used now.",
        [Dimension("what", ReloadSubject.self)])
    static let oldestStaleSecret = Family(
        "latchkey_oldest_stale_secret_age_seconds", .gauge, unit: "seconds",
        help: "Age of the oldest secret that is served past its TTL; 0 if there is none.")
    static let credentialsExpiry = Family(
        "latchkey_aws_credentials_expiry_timestamp_seconds", .gauge, unit: "seconds",
        help: "Expiry of the AWS credentials in use, in seconds since the Unix epoch.")
    static func buildInfo(version: String) -> Family {
        Family(
            "latchkey_build", .info, help: "The running build.", [Dimension("version", values: [version])])
    }
}
