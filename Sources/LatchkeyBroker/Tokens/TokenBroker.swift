package import LatchkeyCore
package import LatchkeyCrypto
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
        /// This process's name in leases: the same for no two that run. Letters, digits and hyphens.
        package var holder = "latchkey"
        /// A random number in 0..<1, for jitter.
        package var chance: @Sendable () -> Double = { .random(in: 0..<1) }

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
    private let flights: SingleFlight<ProfileID, TokenEntry>
    private let shared: SharedTier?
    private let writes: SharedWrites?
    private let configuration: Configuration
    private let longestFlight: Duration
    private let time: TimeSource
    private let sleeper: Sleeper
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
        self.sleeper = sleeper
        let probe = TierProbe(metrics: metrics, health: health, log: log, time: time)
        self.probe = probe
        states = Mutex(profiles.map { _ in ProfileState() })
        flights = SingleFlight(
            maximumWaiters: configuration.maximumWaiters, longest: longestFlight, time: time,
            sleeper: sleeper)
        writes = shared.map {
            SharedWrites(
                $0, profiles: profiles.map(\.name), timeout: configuration.upstreamTimeout, sleeper: sleeper,
                chance: configuration.chance, probe: probe)
        }
    }

    /// The profile of that name.
    package func profile(named name: String) -> ProfileID? {
        profiles.firstIndex { $0.name.hasSameBytes(as: name) }.map { ProfileID($0) }
    }

    /// What memory holds for a caller.
    package struct Cached: Sendable {
        package let entry: TokenEntry
        /// It is inside its buffer.
        package let isStale: Bool
        /// Why there is no newer token, where this one is inside its buffer or refused and getting another failed.
        package let refreshError: UpstreamFault?
        /// A resource server refused it, and no other is there yet.
        package let isRejected: Bool
    }

    /// The token in memory, if it is valid and lasts as long as wished. One lock, no waiting.
    ///
    /// A token inside its buffer is returned too, and a refresh started in the background if it is time for one.
    package func cached(_ profile: ProfileID, now: Now, minTTL: Duration? = nil) -> Cached? {
        let buffer = configuration.buffer
        let flight = longestFlight
        switch states.withLock({ $0[profile.index].hit(now, minTTL: minTTL, buffer: buffer, flight: flight) }) {
        case .miss:
            return nil
        case .fresh(let entry):
            probe.metrics.tierRequest(.token, .memory, .hit)
            return Cached(entry: entry, isStale: false, refreshError: nil, isRejected: false)
        case .stale(let entry, let fault):
            probe.metrics.tierRequest(.token, .memory, .stale)
            if fault != nil { probe.metrics.staleServed(.token) }
            return Cached(entry: entry, isStale: true, refreshError: fault, isRejected: false)
        case .rejected(let entry, let fault):
            let isStale = entry.isStale(now)
            probe.metrics.tierRequest(.token, .memory, isStale ? .stale : .hit)
            return Cached(entry: entry, isStale: isStale, refreshError: fault, isRejected: true)
        case .due(let entry):
            probe.metrics.tierRequest(.token, .memory, .stale)
            let started = flights.start(profile) { await self.fetch(profile, .ahead, minTTL: nil, deadline: $0) }
            if !started { states.withLock { $0[profile.index].landed() } }
            return Cached(entry: entry, isStale: true, refreshError: nil, isRejected: false)
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

    /// Notes that a resource server refused a token (`POST /token/rejected`). If it is the one in memory, its successor
    /// is fetched, as far as the issuer, its quota and the budget allow, and replaces it in every tier. Until then the
    /// refused token is served, and said to be refused. Another digest changes nothing.
    ///
    /// A burst of rejections costs one issuance. While the replacements keep being rejected, the delay between two
    /// issuances grows from 2 s to 5 min for each caller.
    ///
    /// - Returns: whether it was the one in memory.
    @discardableResult
    package func reject(_ profile: ProfileID, sha256: Digest, by caller: String) -> Bool {
        let now = time.now()
        let flight = longestFlight
        switch states.withLock({ $0[profile.index].reject(sha256, by: caller, now, flight: flight) }) {
        case .none: return false
        case .known: return true
        case .look: break
        }
        probe.log.notice(
            "a resource server refused the token; it is served until another is there",
            metadata: ["profile": "\(profiles[profile.index].name)", "caller": "\(caller)"])
        _ = flights.start(profile) { await self.fetch(profile, .rejected, minTTL: nil, deadline: $0) }
        return true
    }

    /// Empties memory (`POST /cache/clear`). What a flight under way brings goes to those who wait for it and is not
    /// kept; who comes later starts another.
    package func clear() {
        flights.replaceAll()
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

    /// Waits until every new token stands in the shared tier, or could not be written, and no longer than to `end`. For
    /// the end of the process.
    package func drain(by end: MonotonicTime) async { await writes?.drain(by: end) }
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
            completion(.success(served(profile, entry, .memory, fault)))
        case .refuse(let fault):
            probe.metrics.tierRequest(.token, .memory, .miss)
            completion(.failure(fault))
        case .fly(let reason, let terms):
            probe.metrics.tierRequest(.token, .memory, reason == .forced ? .skipped : .miss)
            join(profile, ask, reason, terms, deadline: deadline, mayRepeat: mayRepeat, completion)
        }
    }

    /// Waits for the profile's flight, starting it if there is none.
    /// - Parameter mayRepeat: a caller whom this flight does not serve may wait for one more: one who joined late
    ///   (``LateJoin``), or who wants a longer life than the flight's token has left.
    private func join(
        _ profile: ProfileID, _ ask: TokenAsk, _ reason: RefreshReason, _ terms: ProfileState.FlightTerms,
        deadline: MonotonicTime, mayRepeat: Bool,
        _ completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        let isLate = mayRepeat && !terms.isNew && flights.waiters(on: profile) != nil
        let late = LateJoin(
            since: time.now().monotonic, deadline: deadline, attempt: configuration.upstreamTimeout)
        let end = terms.until.map { min($0, deadline) } ?? deadline
        let joined = flights.join(profile, isNew: terms.isNew, deadline: end) {
            await self.fetch(profile, reason, minTTL: ask.minTTL, deadline: $0)
        } waiter: { outcome in
            let now = self.time.now()
            if isLate, case .failure(let fault) = outcome, late.asksAgain(after: fault, now: now.monotonic),
                self.states.withLock({ $0[profile.index].entry?.token.isValid(now) }) != true
            {
                return self.join(profile, ask, reason, terms, deadline: deadline, mayRepeat: false, completion)
            }
            self.landed(outcome, profile, ask, terms, deadline: deadline, mayRepeat: mayRepeat, completion)
        }
        if joined { probe.metrics.flightJoined(.token) }
    }

    private func served(
        _ profile: ProfileID, _ entry: TokenEntry, _ tier: Tier, _ fault: UpstreamFault?
    ) -> ServedToken {
        let isRejected = states.withLock { $0[profile.index].isRejected(entry) }
        return ServedToken(entry: entry, tier: tier, refreshError: fault, isRejected: isRejected)
    }

    /// Answers one caller with the outcome of the flight it waited for.
    private func landed(
        _ outcome: Result<TokenEntry, UpstreamFault>, _ profile: ProfileID, _ ask: TokenAsk,
        _ terms: ProfileState.FlightTerms, deadline: MonotonicTime, mayRepeat: Bool,
        _ completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        let now = time.now()
        if flights.waiters(on: profile) == nil { states.withLock { $0[profile.index].landed() } }
        switch outcome {
        case .success(let entry):
            // The flight may have been started by someone content with less life.
            if mayRepeat, !entry.token.lasts(ask.minTTL, now, buffer: configuration.buffer) {
                token(profile, ask, deadline: deadline, mayRepeat: false, completion: completion)
            } else {
                completion(.success(served(profile, entry, entry.token.source, terms.fault)))
            }
        case .failure(let fault):
            guard let entry = states.withLock({ $0[profile.index].entry }), entry.token.isValid(now) else {
                completion(.failure(fault))
                return
            }
            probe.metrics.staleServed(.token)
            completion(.success(served(profile, entry, .memory, fault)))
        }
    }

    /// The work of one flight: the trip, and keeping what it brought.
    private func fetch(
        _ profile: ProfileID, _ reason: RefreshReason, minTTL: Duration?, deadline: MonotonicTime
    ) async -> Result<TokenEntry, UpstreamFault> {
        let now = time.now()
        let need = states.withLock { $0[profile.index].need(reason, minTTL: minTTL, now) }
        let trip = TokenFetch(
            profile: profiles[profile.index], shared: shared, buffer: configuration.buffer,
            limits: TokenTrip.Limits(timeout: configuration.upstreamTimeout), holder: configuration.holder, time: time,
            sleeper: sleeper, chance: configuration.chance, probe: probe)
        return keep(await trip.run(need, deadline: deadline), profile, reason)
    }

    private func keep(
        _ outcome: TokenTrip.Outcome, _ profile: ProfileID, _ reason: RefreshReason
    ) -> Result<TokenEntry, UpstreamFault> {
        let now = time.now()
        let chance = configuration.chance()
        let landed = states.withLock { $0[profile.index].land(outcome, reason, now, chance: chance) }
        probe.metrics.tokenRefresh(profile: profile.index, reason, outcome.result)
        defer {
            if let notice = outcome.notice { writes?.offer(.notice(notice.lease, seen: notice.seen), for: profile) }
        }
        guard case .success(let entry) = landed else { return landed }
        let current = states.withLock { $0[profile.index].entry }
        probe.metrics.tokenExpiry(profile: profile.index, current?.token.expiry.wall)
        // A trip that started later may have brought another token already.
        guard outcome.token?.value == entry.token.value else { return landed }
        if outcome.isTorn || (outcome.askedIssuer && outcome.fault == nil) {
            let pair = StoredToken(entry.token, after: outcome.sharedVersion)
            let end = outcome.isTorn ? now.monotonic + longestFlight : entry.token.writeBy
            writes?.offer(.pair(pair, by: end), for: profile)
        }
        return landed
    }
}
