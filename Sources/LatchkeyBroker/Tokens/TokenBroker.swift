package import LatchkeyCore
package import LatchkeyMetrics
package import Logging
internal import Synchronization

/// Gives out access tokens: from memory at once, else through one flight a profile over shared tier and issuer.
package final class TokenBroker: Sendable {
    /// What settings decide.
    package struct Configuration: Sendable {
        /// `LATCHKEY_TOKEN_EXPIRY_BUFFER`.
        package var buffer = ExpiryBuffer()
        /// `LATCHKEY_UPSTREAM_TIMEOUT`: the longest one tier may take; a flight, and so a caller, waits twice that.
        package var upstreamTimeout: Duration = .seconds(5)
        /// Callers on one flight; more are refused as `overloaded`.
        package var maximumWaiters = 10_000

        package init() {}
    }

    /// What `/health` shows of one profile.
    package struct ProfileStatus: Sendable {
        package let name: String
        /// The token in memory, valid or not; nil when there is none.
        package let token: AccessToken?
        /// Another is being fetched.
        package let isRefreshing: Bool
    }

    private let profiles: [TokenProfile]
    private let states: Mutex<[ProfileState]>
    private let versions = Atomic<UInt64>(1)
    private let flights: SingleFlight<ProfileID, TokenEntry>
    private let shared: SharedTier?
    private let writes: SharedWrites?
    private let configuration: Configuration
    private let longestFlight: Duration
    private let time: TimeSource
    private let probe: TierProbe

    /// - Parameters:
    ///   - profiles: in the order of their ``ProfileID``; `metrics` was made with the same names in that order.
    ///   - shared: where replicas share tokens; nil for `LATCHKEY_SHARED_TIER=none`.
    package init(
        profiles: [TokenProfile], shared: SharedTier?, configuration: Configuration = Configuration(),
        time: TimeSource, sleeper: Sleeper = .system, metrics: Metrics, health: TierHealth, log: Logger
    ) {
        self.profiles = profiles
        self.shared = shared
        self.configuration = configuration
        longestFlight = configuration.upstreamTimeout * 2
        self.time = time
        let probe = TierProbe(metrics: metrics, health: health, log: log, time: time)
        self.probe = probe
        states = Mutex(profiles.map { _ in ProfileState() })
        flights = SingleFlight(
            maximumWaiters: configuration.maximumWaiters, longest: longestFlight, time: time,
            sleeper: sleeper)
        writes = shared.map {
            SharedWrites($0, profiles: profiles.map(\.name), timeout: configuration.upstreamTimeout, probe: probe)
        }
    }

    /// The profile of that name.
    package func profile(named name: String) -> ProfileID? {
        profiles.firstIndex { $0.name == name }.map { ProfileID($0) }
    }

    /// The token in memory, if it is valid and lasts as long as wished. One lock, no waiting.
    ///
    /// A token inside its buffer is returned too, and a refresh started in the background if none is under way.
    package func cached(_ profile: ProfileID, now: Now, minTTL: Duration? = nil) -> TokenEntry? {
        let buffer = configuration.buffer
        let flight = longestFlight
        switch states.withLock({ $0[profile.index].hit(now, minTTL: minTTL, buffer: buffer, flight: flight) }) {
        case .miss:
            return nil
        case .fresh(let entry):
            probe.metrics.tierRequest(.token, .memory, .hit)
            return entry
        case .stale(let entry):
            probe.metrics.tierRequest(.token, .memory, .stale)
            return entry
        case .due(let entry):
            probe.metrics.tierRequest(.token, .memory, .stale)
            let started = flights.start(profile) { await self.fetch(profile, .ahead, minTTL: nil, deadline: $0) }
            if !started { states.withLock { $0[profile.index].landed() } }
            return entry
        }
    }

    /// A token by way of the tiers, for a caller ``cached(_:now:minTTL:)`` had nothing for or who wants a newer one.
    ///
    /// A caller whose wish cannot be met while a valid token is at hand gets that one, with the failure beside it.
    ///
    /// - Parameters:
    ///   - deadline: when the caller stops waiting; never later than twice the upstream timeout is of use.
    ///   - completion: called once, on any thread, perhaps before this returns.
    package func token(
        _ profile: ProfileID, _ ask: TokenAsk = TokenAsk(), deadline: MonotonicTime,
        completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        token(profile, ask, deadline: deadline, mayRepeat: true, completion: completion)
    }

    /// ``token(_:_:deadline:completion:)`` for code that awaits.
    package func token(
        _ profile: ProfileID, _ ask: TokenAsk = TokenAsk(), deadline: MonotonicTime
    ) async throws(UpstreamFault) -> ServedToken {
        try await withCheckedContinuation { continuation in
            token(profile, ask, deadline: deadline) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Empties memory (`POST /cache/clear`). A flight under way still brings its token.
    package func clear() {
        states.withLock { states in
            for index in states.indices { states[index].clear() }
        }
        for index in profiles.indices { probe.metrics.tokenExpiry(profile: index, nil) }
    }

    /// Every profile's token, for `/health`. From memory.
    package func snapshot() -> [ProfileStatus] {
        let known = states.withLock { $0.map { ($0.entry, $0.isRefreshing) } }
        return zip(profiles, known).map { ProfileStatus(name: $0.name, token: $1.0?.token, isRefreshing: $1.1) }
    }

    /// Waits until every new token stands in the shared tier, or could not be written. For the end of the process.
    package func drain() async { await writes?.drain() }
}

// MARK: - Past memory

extension TokenBroker {
    private func token(
        _ profile: ProfileID, _ ask: TokenAsk, deadline: MonotonicTime, mayRepeat: Bool,
        completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        let now = time.now()
        let buffer = configuration.buffer
        let flight = longestFlight
        switch states.withLock({ $0[profile.index].decide(ask, now, buffer: buffer, flight: flight) }) {
        case .serve(let entry, let fault):
            probe.metrics.tierRequest(.token, .memory, entry.isStale(now) ? .stale : .hit)
            completion(.success(ServedToken(entry: entry, tier: .memory, refreshError: fault)))
        case .refuse(let fault):
            probe.metrics.tierRequest(.token, .memory, .miss)
            completion(.failure(fault))
        case .fly(let reason):
            probe.metrics.tierRequest(.token, .memory, reason == .forced ? .skipped : .miss)
            let joined = flights.join(profile, deadline: deadline) {
                await self.fetch(profile, reason, minTTL: ask.minTTL, deadline: $0)
            } waiter: {
                self.landed($0, profile, ask, deadline: deadline, mayRepeat: mayRepeat, completion)
            }
            if joined { probe.metrics.flightJoined(.token) }
        }
    }

    /// Answers one caller with the outcome of the flight it waited for.
    private func landed(
        _ outcome: Result<TokenEntry, UpstreamFault>, _ profile: ProfileID, _ ask: TokenAsk,
        deadline: MonotonicTime, mayRepeat: Bool,
        _ completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        let now = time.now()
        states.withLock { $0[profile.index].landed() }
        switch outcome {
        case .success(let entry):
            // The flight may have been started by someone content with less life.
            if mayRepeat, !entry.token.lasts(ask.minTTL, now, buffer: configuration.buffer) {
                token(profile, ask, deadline: deadline, mayRepeat: false, completion: completion)
            } else {
                completion(.success(ServedToken(entry: entry, tier: entry.token.source, refreshError: nil)))
            }
        case .failure(let fault):
            guard let entry = states.withLock({ $0[profile.index].entry }), entry.token.isValid(now) else {
                completion(.failure(fault))
                return
            }
            probe.metrics.staleServed(.token)
            completion(.success(ServedToken(entry: entry, tier: .memory, refreshError: fault)))
        }
    }

    /// The work of one flight: the trip, and keeping what it brought.
    private func fetch(
        _ profile: ProfileID, _ reason: RefreshReason, minTTL: Duration?, deadline: MonotonicTime
    ) async -> Result<TokenEntry, UpstreamFault> {
        let now = time.now()
        let need = states.withLock { states in
            let state = states[profile.index]
            return TokenFetch.Need(
                reason: reason, minTTL: minTTL, current: state.entry?.token, issuerHeld: state.issuerHeld(now))
        }
        let trip = TokenFetch(
            profile: profiles[profile.index], shared: shared, buffer: configuration.buffer,
            timeout: configuration.upstreamTimeout, time: time, probe: probe)
        let result = await trip.run(need, deadline: deadline)
        return keep(result, profile, reason)
    }

    private func keep(
        _ result: TokenFetch.Result, _ profile: ProfileID, _ reason: RefreshReason
    ) -> Result<TokenEntry, UpstreamFault> {
        let now = time.now()
        let entry = result.token.map {
            TokenEntry($0, version: versions.wrappingAdd(1, ordering: .relaxed).oldValue)
        }
        states.withLock { states in
            if result.askedIssuer { states[profile.index].issuerAnswered(result.fault, now) }
            states[profile.index].landed()
            if let entry { states[profile.index].adopt(entry) }
            // Also where an old token came from the shared tier: the next attempt is to wait its turn.
            if let fault = result.fault { states[profile.index].failed(fault, reason: reason, now) }
        }
        probe.metrics.tokenRefresh(profile: profile.index, reason, entry == nil ? .failure : .success)
        guard let entry else { return .failure(result.fault ?? UpstreamFault(.unavailable)) }
        probe.metrics.tokenExpiry(profile: profile.index, entry.token.expiry.wall)
        if result.askedIssuer, result.fault == nil { writes?.offer(StoredToken(entry.token), for: profile) }
        return .success(entry)
    }
}
