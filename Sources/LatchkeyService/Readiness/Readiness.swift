package import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyConfine
package import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import Synchronization

/// Reports whether the process can do its work, from the traffic of the tiers. No upstream is called.
///
/// ``ReadinessRule`` decides.
package final class Readiness: Sendable {
    private let tokens: TokenBroker
    private let health: TierHealth
    private let use: ServiceUse
    private let secrets: SecretBroker
    private let reloads: ReloadHealth
    /// Nil without TLS.
    private let certificates: CertificateFollower?
    private let reload: ReloadRecord
    /// Nil if the process does not confine itself.
    private let confinement: ConfinementState?
    private let time: Timing
    private let started: Now
    /// Set when the process is asked to stop.
    private let stopping = Atomic<Bool>(false)
    private let draining = Atomic<Bool>(false)

    init(
        tokens: TokenBroker, health: TierHealth, use: ServiceUse, secrets: SecretBroker, reloads: ReloadHealth,
        certificates: CertificateFollower?, reload: ReloadRecord, confinement: ConfinementState?, time: Timing
    ) {
        self.tokens = tokens
        self.health = health
        self.use = use
        self.secrets = secrets
        self.reloads = reloads
        self.certificates = certificates
        self.reload = reload
        self.confinement = confinement
        self.time = time
        started = time.now()
    }

    /// Whether load balancers should send requests here.
    package var isReady: Bool { rule(use.parts, time.now()).isReady }

    /// Whether the process was asked to stop. Connections may still be accepted.
    private var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// Whether connections are no longer accepted. Waiting callers are then answered at once.
    var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// Makes the process not ready. It serves requests as before.
    package func announceStop() { stopping.store(true, ordering: .relaxed) }

    /// Marks the process as draining: connections are no longer accepted.
    func beginDraining() {
        announceStop()
        draining.store(true, ordering: .relaxed)
    }

    private func rule(_ parts: ServiceUse.Parts, _ now: Now) -> ReadinessRule {
        let issuers = parts.issuers.map { health.status($0) }
        let shared = parts.shared.map { health.status($0) }
        let secrets = ReadinessRule.secrets(
            isUsed: parts.secrets, store: health.status(self.secrets.store.tier).secretsState,
            usableUntil: self.secrets.usableUntil(), now)
        let tokens = ReadinessRule.tokens(
            isUsed: parts.tokens, issuers: issuers, shared: shared,
            hasToken: self.tokens.snapshot().contains { $0.token?.isValid(now) == true }, now)
        let isHealthy =
            reloads.isHealthy && reload.isHealthy && certificates?.isHealthy(now.wall) ?? true
            && parts.tiers.map { health.status($0) }.allSatisfy(\.isHealthy)
        return ReadinessRule(secrets: secrets, tokens: tokens, isHealthy: isHealthy, isStopping: isStopping)
    }

    /// The state for the metrics page.
    func state(now: Now) -> StateReading {
        var reading = StateReading(health: rule(use.parts, now).status.label)
        reading.failingReloads = reloads.failing
        reading.failingReloads[.settings, default: 0] += reload.failing
        return reading
    }

    /// The body of `/health`.
    package func report(now: Now) -> HealthReport {
        let parts = use.parts
        let status = rule(parts, now).status
        var tierReports: JSONObject = [:]
        for tier in parts.tiers { tierReports[tier.name] = Self.describe(health.status(tier), now) }
        var tokenReports: JSONObject = [:]
        for profile in tokens.snapshot() { tokenReports[profile.name] = Self.describe(profile, now) }
        return HealthReport(
            isUnavailable: status == .unavailable,
            json: [
                "certificates": certificates?.json(now.wall) ?? [:],
                "status": .string(status.rawValue), "version": .string(Version.number),
                "uptime_seconds": .integer((now.monotonic - started.monotonic).components.seconds),
                "draining": .bool(isStopping),
                "secrets_backend": .string(secrets.backend?.rawValue ?? "unknown"),
                "kept_secrets": .integer(Int64(secrets.routing?.kept.count ?? 0)),
                "tiers": .object(tierReports), "tokens": .object(tokenReports), "followed": reloads.json,
                "reload": reload.json, "confinement": confinement.json,
            ])
    }

    private static func describe(_ status: TierStatus, _ now: Now) -> JSON {
        [
            "state": .string(status.state.rawValue), "last_success": time(status.lastSuccess),
            "last_failure": time(status.lastFailure), "last_error": status.lastErrorCode.map { .string($0) } ?? .null,
            "write_error": status.writeErrorCode.map { .string($0) } ?? .null,
            "blob_error": status.blobErrorCode.map { .string($0) } ?? .null,
            "age_seconds": status.age(now).map { .integer($0.components.seconds) } ?? .null,
        ]
    }

    private static func describe(_ profile: TokenBroker.ProfileStatus, _ now: Now) -> JSON {
        guard let token = profile.token else { return ["state": "none", "refreshing": .bool(profile.isRefreshing)] }
        let state = token.isFresh(now) ? "fresh" : token.isValid(now) ? "stale" : "expired"
        return [
            "state": .string(state), "expires_at": .string(RFC3339.format(token.expiry.wall)),
            "refreshing": .bool(profile.isRefreshing), "expires_in": .integer(token.expiresIn(now)),
            "source": .string(token.source.name),
        ]
    }

    private static func time(_ time: Now?) -> JSON { time.map { .string(RFC3339.format($0.wall)) } ?? .null }
}
