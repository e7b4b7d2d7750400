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

    /// The profiles in force by name.
    package let names: ProfileNames

    let slots: Mutex<ProfileSlots>
    let flights: SingleFlight<ProfileID, TokenEntry>
    let shared: SharedTier?
    let writes: SharedWrites?
    let configuration: Configuration
    let longestFlight: Duration
    let time: TimeSource
    let sleeper: Sleeper
    let probe: TierTelemetry

    /// - Parameters:
    ///   - profiles: in the order of their ``ProfileID``; `metrics` was made with the same names in that order.
    ///   - places: how many profiles there is room for, twice as many as there may be; nil where they do not change.
    ///     `metrics` was made with the same number.
    ///   - shared: where replicas share tokens; nil for `LATCHKEY_SHARED_TIER=none`.
    package init(
        profiles: [TokenProfile], places: Int? = nil, shared: SharedTier?,
        configuration: Configuration = Configuration(),
        time: TimeSource, sleeper: Sleeper = .system, metrics: Metrics, health: TierHealth, log: Logger
    ) {
        let places = max(places ?? 0, profiles.count)
        names = ProfileNames(profiles.enumerated().map { .init(name: $1.name, id: ProfileID($0)) })
        self.shared = shared
        self.configuration = configuration
        longestFlight = configuration.upstreamTimeout * 2
        self.time = time
        self.sleeper = sleeper
        let probe = TierTelemetry(metrics: metrics, health: health, log: log, time: time)
        self.probe = probe
        slots = Mutex(ProfileSlots(profiles, places: places))
        flights = SingleFlight(
            maximumWaiters: configuration.maximumWaiters, longest: longestFlight, time: time,
            sleeper: sleeper)
        writes = shared.map {
            SharedWrites(
                $0, places: places, timeout: configuration.upstreamTimeout, sleeper: sleeper,
                chance: configuration.chance, probe: probe)
        }
        health.onRecovery { [weak self] in self?.recovered($0) }
    }

    /// A tier that failed answers again: refreshes that waited for that go on with the next caller, and
    /// writes at once.
    private func recovered(_ tier: Tier) {
        let now = time.now()
        let isShared = tier == shared?.tier
        slots.withLock { $0.recovered(tier, isShared: isShared, now) }
        if isShared { writes?.goOn() }
    }

    /// The profile of that name.
    package func profile(named name: String) -> ProfileID? {
        names.entries.first { $0.name.hasSameBytes(as: name) }?.id
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

    /// The token in memory, if it is valid and lasts as long as wished. One lock, no waiting. Nil also where the profile
    /// is defined otherwise now.
    ///
    /// A token inside its buffer is returned too, and a refresh started in the background if it is time for one.
    package func cached(_ profile: ProfileID, now: Now, minTTL: Duration? = nil) -> Cached? {
        let buffer = configuration.buffer
        let flight = longestFlight
        let hit = slots.withLock { slots in
            slots.with(profile) { $0.hit(now, minTTL: minTTL, buffer: buffer, flight: flight) }
        }
        switch hit {
        case .miss, nil:
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
            if !started { slots.withLock { $0.with(profile) { $0.landed() } } }
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
        let (effect, name) = slots.withLock { slots in
            let name = slots.profile(profile)?.name ?? ""
            return (slots.with(profile) { $0.reject(sha256, by: caller, now, flight: flight) } ?? .none, name)
        }
        switch effect {
        case .none: return false
        case .known: return true
        case .look: break
        }
        probe.log.notice(
            "a resource server refused the token; it is served until another is there",
            metadata: ["profile": "\(name)", "caller": "\(caller)"])
        _ = flights.start(profile) { await self.fetch(profile, .rejected, minTTL: nil, deadline: $0) }
        return true
    }

    /// Empties memory (`POST /cache/clear`). What a flight under way brings goes to those who wait for it and is not
    /// kept; who comes later starts another.
    package func clear() {
        flights.replaceAll()
        slots.withLock { slots in
            slots.clear()
            for index in slots.slots.indices { probe.metrics.tokenExpiry(profile: index, nil) }
        }
    }

    /// Every profile's token, for `/health`. From memory.
    package func snapshot() -> [ProfileStatus] {
        slots.withLock { slots in
            names.entries.compactMap { entry in
                slots.with(entry.id) {
                    ProfileStatus(name: entry.name, token: $0.entry?.token, isRefreshing: $0.isRefreshing)
                }
            }
        }
    }

    /// Waits until every new token stands in the shared tier, or could not be written, and no longer than to `end`. For
    /// the end of the process.
    package func drain(by end: MonotonicTime) async { await writes?.drain(by: end) }
}
