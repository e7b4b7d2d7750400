package import LatchkeyCore
package import LatchkeyCrypto
internal import LatchkeyLog
package import LatchkeyMetrics
package import Logging
internal import Synchronization

/// Serves access tokens: from memory, else with one refresh per profile through the shared tier and the issuer.
package final class TokenBroker: Sendable {
    /// The parts of the settings that concern tokens.
    package struct Configuration: Sendable {
        /// `LATCHKEY_TOKEN_EXPIRY_BUFFER`.
        package var buffer: ExpiryBuffer
        /// `LATCHKEY_UPSTREAM_TIMEOUT`: the maximum duration of one request. A refresh, and so a caller, waits twice
        /// that.
        package var upstreamTimeout: Duration
        /// How many callers may wait for one refresh; more are refused as `overloaded`.
        package var maximumWaiters = 10_000
        /// How many refreshes of one profile a caller may force within an hour, if there are other callers.
        package var forcedRefreshesPerHour = 15
        /// The name of this process in leases, different for every process. Letters, digits and hyphens.
        package var holder = "latchkey"

        package init(buffer: ExpiryBuffer, upstreamTimeout: Duration) {
            self.buffer = buffer
            self.upstreamTimeout = upstreamTimeout
        }
    }

    /// The status of one profile for `/health`.
    package struct ProfileStatus: Sendable {
        package let name: String
        /// The token in memory, valid or not; nil if there is none.
        package let token: AccessToken?
        package let isRefreshing: Bool
    }

    /// The current profiles by name.
    package let names: ProfileNames

    let slots: Mutex<ProfileSlots>
    let refreshes: SingleFlight<ProfileID, TokenEntry>
    let shared: SharedTier?
    let writer: SharedTokenWriter?
    let configuration: Configuration
    /// The maximum duration of a refresh.
    let maxRefresh: Duration
    let time: Timing
    let telemetry: TierTelemetry

    /// - Parameters:
    ///   - profiles: in the order of their ``ProfileID``. `metrics` must have the same names in that order.
    ///   - slots: the number of profile slots, twice the maximum number of profiles; nil if profiles do not change.
    ///     `metrics` must have the same number.
    ///   - shared: nil for `LATCHKEY_SHARED_TIER=none`.
    package init(
        profiles: [TokenProfile], slots slotCount: Int? = nil, shared: SharedTier?,
        configuration: Configuration,
        time: Timing, metrics: Metrics, health: TierHealth, log: Logger
    ) {
        let slotCount = max(slotCount ?? 0, profiles.count)
        names = ProfileNames(profiles.enumerated().map { .init(name: $1.name, id: ProfileID($0)) })
        self.shared = shared
        self.configuration = configuration
        maxRefresh = configuration.upstreamTimeout * 2
        self.time = time
        let telemetry = TierTelemetry(metrics: metrics, health: health, log: log, time: time)
        self.telemetry = telemetry
        slots = Mutex(ProfileSlots(profiles, count: slotCount))
        refreshes = SingleFlight(
            maxWaiters: configuration.maximumWaiters, maxDuration: maxRefresh, time: time)
        writer = shared.map {
            SharedTokenWriter(
                $0, slots: slotCount, timeout: configuration.upstreamTimeout, telemetry: telemetry)
        }
        health.onRecovery { [weak self] in self?.recovered($0) }
    }

    /// Ends the backoffs that the failure of `tier` caused. The next caller starts a refresh then; pending writes
    /// continue at once.
    private func recovered(_ tier: Tier) {
        let now = time.now()
        let isShared = tier == shared?.tier
        slots.withLock { $0.recovered(tier, isShared: isShared, now) }
        if isShared { writer?.resume() }
    }

    /// The profile with that name.
    package func profile(named name: String) -> ProfileID? {
        names.entries.first { $0.name.hasSameBytes(as: name) }?.id
    }

    /// The token in memory, if it is valid for at least `minTTL`. Takes one lock and does not wait.
    ///
    /// A token inside its buffer is returned too. If it is time for a refresh, the refresh starts in the background.
    ///
    /// - Returns: nil also if the profile was redefined.
    package func cached(_ profile: ProfileID, now: Now, minTTL: Duration? = nil) -> ServedToken? {
        let (buffer, maxRefresh) = (configuration.buffer, maxRefresh)
        switch slots.withLock({ $0.hit(profile, now, minTTL: minTTL, buffer: buffer, maxRefresh: maxRefresh) }) {
        case .miss:
            return nil
        case .fresh(let entry):
            telemetry.metrics.tierRequest(.token, .memory, .hit)
            return ServedToken(entry, from: .memory, isStale: false)
        case .stale(let entry, let fault):
            telemetry.metrics.tierRequest(.token, .memory, .stale)
            if fault != nil { telemetry.metrics.staleServed(.token) }
            return ServedToken(entry, from: .memory, isStale: true, refreshError: fault)
        case .rejected(let entry, let fault):
            let isStale = entry.isStale(now)
            telemetry.metrics.tierRequest(.token, .memory, isStale ? .stale : .hit)
            return ServedToken(entry, from: .memory, isStale: isStale, isRejected: true, refreshError: fault)
        case .due(let entry):
            telemetry.metrics.tierRequest(.token, .memory, .stale)
            let started = refreshes.start(profile) { await self.refresh(profile, .ahead, minTTL: nil, deadline: $0) }
            if !started { slots.withLock { $0.with(profile) { $0.finish() } } }
            return ServedToken(entry, from: .memory, isStale: true)
        }
    }

    /// The token in memory if it is fresh and was not rejected. Otherwise ``cached(_:now:minTTL:)`` decides. Takes one lock
    /// and does not wait. The caller counts the hit.
    package func fresh(_ profile: ProfileID, now: Now) -> TokenEntry? { slots.withLock { $0.fresh(profile, now) } }

    /// Gets a token through the tiers, for a caller that ``cached(_:now:minTTL:)`` had nothing for, or that wants a
    /// newer one.
    ///
    /// If what the caller asks for is not available, it gets the valid token in memory together with the error.
    ///
    /// - Parameters:
    ///   - deadline: when the caller stops waiting. Later than twice the upstream timeout has no effect.
    ///   - completion: called once, on any thread, possibly before this returns.
    package func token(
        _ profile: ProfileID, _ ask: TokenDemand = TokenDemand(), deadline: MonotonicTime,
        completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        token(profile, ask, deadline: deadline, mayRepeat: true, completion: completion)
    }

    /// ``token(_:_:deadline:completion:)`` for asynchronous code.
    package func token(
        _ profile: ProfileID, _ ask: TokenDemand = TokenDemand(), deadline: MonotonicTime
    ) async throws(UpstreamFault) -> ServedToken {
        try await withCheckedContinuation { continuation in
            token(profile, ask, deadline: deadline) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Records that a resource server rejected a token (`POST /token/rejected`).
    ///
    /// If it is the token in memory, a replacement is fetched and replaces it in every tier, as far as the issuer, its
    /// quota and the budget allow. Until then the rejected token is served and marked. Another digest changes nothing.
    ///
    /// A burst of rejections costs one issuance. While the replacements are rejected too, the delay between two
    /// issuances grows from 2 s to 5 min for each caller.
    ///
    /// - Returns: whether it was the token in memory.
    @discardableResult
    package func reject(_ profile: ProfileID, sha256: Digest, by caller: String) -> Bool {
        let now = time.now()
        let maxRefresh = maxRefresh
        let (effect, name) = slots.withLock { slots in
            let name = slots.profile(profile)?.name ?? ""
            let effect = slots.with(profile) { $0.reject(sha256, by: caller, now, maxRefresh: maxRefresh) }
            return (effect ?? .ignored, name)
        }
        switch effect {
        case .ignored: return false
        case .known: return true
        case .refresh: break
        }
        telemetry.log.notice(
            .tokenRejected,
            "a resource server rejected the token; it is served until a replacement is available",
            metadata: ["profile": "\(name)", "caller": "\(caller)"])
        _ = refreshes.start(profile) { await self.refresh(profile, .rejected, minTTL: nil, deadline: $0) }
        return true
    }

    /// Clears memory (`POST /cache/clear`).
    ///
    /// The result of a refresh in progress goes to the callers that wait for it and is not kept. Later callers start
    /// another refresh.
    package func clear() {
        refreshes.replaceAll()
        slots.withLock { slots in
            slots.clear()
            for index in slots.slots.indices { telemetry.metrics.tokenExpiry(profile: index, nil) }
        }
    }

    /// The status of every profile, from memory, for `/health`.
    package func snapshot() -> [ProfileStatus] {
        slots.withLock { slots in
            names.entries.compactMap { entry in
                slots.with(entry.id) {
                    ProfileStatus(name: entry.name, token: $0.entry?.token, isRefreshing: $0.isRefreshing)
                }
            }
        }
    }

    /// Waits until every new token has been written to the shared tier or could not be, but until `end` at most. For
    /// the end of the process.
    package func drain(by end: MonotonicTime) async { await writer?.drain(by: end) }
}
