package import LatchkeyBroker
package import LatchkeyCore

/// Whether the process serves what its callers use: the one rule behind `/readyz` and the `status` of `/health`. Pure.
///
/// Callers use secrets, tokens or both. What neither settings nor callers ask for is left out. One of the two that can be
/// served is enough to be ready: taking every broker from the load balancer would take that one away, too.
package struct ReadinessRule: Hashable, Sendable {
    /// How one of the two things that callers use stands.
    package enum Supply: Hashable, Sendable, CaseIterable {
        /// Neither settings nor callers ask for it.
        case unused
        /// Nobody has been asked for it yet, or not for a while since it failed.
        case untried
        /// Whoever provides it answered last time.
        case available
        /// Whoever provides it fails, and callers are served from memory within its bounds.
        case kept
        /// It cannot be had.
        case unavailable
    }

    /// The three states of `/health`.
    package enum Status: String, Hashable, Sendable {
        /// Everything that is in use works.
        case ok
        /// Something fails, and callers are served.
        case degraded
        /// Nothing that callers use can be served: nothing has ever answered, or everything fails and memory has nothing
        /// that may still be served.
        case unavailable
    }

    package var secrets: Supply
    package var tokens: Supply
    /// Followed files can be read, no tier that is in use fails, and what is shared can be written.
    package var isHealthy = true
    /// The process was asked to stop.
    package var isStopping = false

    package init(secrets: Supply, tokens: Supply, isHealthy: Bool = true, isStopping: Bool = false) {
        self.secrets = secrets
        self.tokens = tokens
        self.isHealthy = isHealthy
        self.isStopping = isStopping
    }

    package var status: Status {
        let used = [secrets, tokens].filter { $0 != .unused }
        // A store is looked at without a caller. An issuer is asked when the first caller comes, so a broker that has
        // nothing but tokens is ready for that caller.
        let isReadyForFirstCaller = secrets == .unused && (tokens == .untried || tokens == .unused)
        guard isReadyForFirstCaller || used.contains(where: { $0 == .available || $0 == .kept }) else {
            return .unavailable
        }
        let isWhole = used.allSatisfy { $0 == .available || $0 == .untried }
        return isHealthy && isWhole && !isStopping ? .ok : .degraded
    }

    /// Load balancers should send requests here.
    package var isReady: Bool { status != .unavailable && !isStopping }

    // MARK: Supplies

    /// How secrets stand.
    ///
    /// - Parameters:
    ///   - store: the state of the store in force.
    ///   - usableUntil: until when any value that callers have been given may be served though the store fails
    ///     (its TTL and `LATCHKEY_STALE_TTL`); nil where memory has none.
    package static func secrets(
        isUsed: Bool, store: TierStatus.State, usableUntil: MonotonicTime?, _ now: Now
    ) -> Supply {
        guard isUsed else { return .unused }
        if store == .ok { return .available }
        if let usableUntil, now.monotonic < usableUntil { return .kept }
        return store == .failing ? .unavailable : .untried
    }

    /// After a failure, how long an issuer counts as failing where nobody has asked it since. Then callers are let in
    /// again, because nothing but a caller's request shows that it is back.
    package static let issuerRetry: Duration = .seconds(10)

    /// How tokens stand.
    ///
    /// - Parameters:
    ///   - isUsed: a profile is configured.
    ///   - issuers: of the profiles that are configured.
    ///   - shared: where replicas share tokens.
    ///   - hasToken: a token in memory is valid.
    package static func tokens(
        isUsed: Bool, issuers: [TierStatus], shared: TierStatus?, hasToken: Bool, _ now: Now
    ) -> Supply {
        let isFailing = issuers.contains { $0.state == .failing }
        if hasToken { return isFailing ? .kept : .available }
        guard isUsed else { return .unused }
        if issuers.contains(where: { $0.state == .ok }) || shared?.state == .ok { return .available }
        let isRecent = issuers.contains { status in
            status.state == .failing && (status.lastFailure.map { now.monotonic - $0.monotonic < issuerRetry } ?? true)
        }
        return isRecent ? .unavailable : .untried
    }
}
