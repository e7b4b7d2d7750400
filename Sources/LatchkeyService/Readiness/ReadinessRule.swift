package import LatchkeyBroker
package import LatchkeyCore
package import LatchkeyMetrics

/// Decides whether the process serves what its callers use: the rule behind `/readyz` and the `status` of `/health`.
/// Pure.
///
/// Callers use secrets, tokens or both. A part that neither settings nor callers ask for does not count. The process is
/// ready if it can serve one of the two: if every broker left the load balancer, callers would lose that one too.
package struct ReadinessRule: Hashable, Sendable {
    /// The state of one of the two parts.
    package enum Supply: Hashable, Sendable, CaseIterable {
        /// Neither settings nor callers ask for it.
        case unused
        /// Its upstream has not been asked yet, or not for a while since it failed.
        case untried
        /// Its upstream answered last time.
        case available
        /// Its upstream fails, and callers are served from memory within the limits.
        case servedFromMemory
        /// It cannot be served.
        case unavailable
    }

    /// The `status` of `/health`.
    package enum Status: String, Hashable, Sendable {
        /// Everything in use works.
        case ok
        /// Something fails, but callers are served.
        case degraded
        /// Nothing that callers use can be served: nothing has answered yet, or everything fails and memory has no
        /// usable value.
        case unavailable

        /// The status on the metrics page.
        package var label: HealthStatus {
            switch self {
            case .ok: .ok
            case .degraded: .degraded
            case .unavailable: .unavailable
            }
        }
    }

    package var secrets: Supply
    package var tokens: Supply
    /// Whether followed files can be read, no tier in use fails, and shared values can be written.
    package var isHealthy = true
    /// Whether the process was asked to stop.
    package var isStopping = false

    package init(secrets: Supply, tokens: Supply, isHealthy: Bool = true, isStopping: Bool = false) {
        self.secrets = secrets
        self.tokens = tokens
        self.isHealthy = isHealthy
        self.isStopping = isStopping
    }

    package var status: Status {
        let used = [secrets, tokens].filter { $0 != .unused }
        // A store is probed without a caller, but an issuer is asked only for the first caller. So a broker that serves
        // only tokens is ready for that caller.
        let isReadyForFirstCaller = secrets == .unused && (tokens == .untried || tokens == .unused)
        guard isReadyForFirstCaller || used.contains(where: { $0 == .available || $0 == .servedFromMemory }) else {
            return .unavailable
        }
        let isWhole = used.allSatisfy { $0 == .available || $0 == .untried }
        return isHealthy && isWhole && !isStopping ? .ok : .degraded
    }

    /// Whether load balancers should send requests here.
    package var isReady: Bool { status != .unavailable && !isStopping }

    // MARK: Supplies

    /// The state of secrets.
    ///
    /// - Parameters:
    ///   - store: the state of the store in force.
    ///   - usableUntil: until when cached values may be served although the store fails (TTL and `LATCHKEY_STALE_TTL`);
    ///     nil if there are none.
    package static func secrets(
        isUsed: Bool, store: TierStatus.State, usableUntil: MonotonicTime?, _ now: Now
    ) -> Supply {
        guard isUsed else { return .unused }
        if store == .ok { return .available }
        if let usableUntil, now.monotonic < usableUntil { return .servedFromMemory }
        return store == .failing ? .unavailable : .untried
    }

    /// How long an issuer counts as failing after its last failure. Then callers are admitted again, because only a
    /// request shows that the issuer is back.
    package static let issuerRetry: Duration = .seconds(10)

    /// The state of tokens.
    ///
    /// - Parameters:
    ///   - isUsed: whether a profile is configured.
    ///   - issuers: the issuers of the configured profiles.
    ///   - shared: the tier where replicas share tokens.
    ///   - hasToken: whether a valid token is in memory.
    package static func tokens(
        isUsed: Bool, issuers: [TierStatus], shared: TierStatus?, hasToken: Bool, _ now: Now
    ) -> Supply {
        let isFailing = issuers.contains { $0.state == .failing }
        if hasToken { return isFailing ? .servedFromMemory : .available }
        guard isUsed else { return .unused }
        if issuers.contains(where: { $0.state == .ok }) || shared?.state == .ok { return .available }
        let isRecent = issuers.contains { status in
            status.state == .failing && (status.lastFailure.map { now.monotonic - $0.monotonic < issuerRetry } ?? true)
        }
        return isRecent ? .unavailable : .untried
    }
}
