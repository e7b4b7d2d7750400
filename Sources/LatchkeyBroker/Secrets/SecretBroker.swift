package import LatchkeyCore
internal import LatchkeyCrypto
package import LatchkeyMetrics
package import Logging
internal import Synchronization

/// Gives out secrets: from memory at once, else through one flight an item. A key is a field of the blob
/// `<prefix>/secrets` if the blob has it, else the parameter `<prefix>/{key}`.
package final class SecretBroker: Sendable {
    /// What settings and limits decide.
    package struct Configuration: Sendable {
        /// `LATCHKEY_SECRET_TTL`: how long a value is served without asking again.
        package var freshTTL: Duration = .seconds(300)
        /// `LATCHKEY_NEGATIVE_TTL`: how long a known absence is believed.
        package var negativeTTL: Duration = .seconds(60)
        /// Stores whose times are others than ``freshTTL`` and ``negativeTTL``.
        package var ttls: [SecretStore: SecretTTLs] = [:]
        /// `LATCHKEY_STALE_TTL`: how long a value outlives its TTL while its store fails.
        package var staleTTL: Duration = .seconds(3600)
        /// `LATCHKEY_UPSTREAM_TIMEOUT`: the longest that one request to a store may take. A fetch, which may have to
        /// wait for its turn or be many requests, takes at most twice as long.
        package var upstreamTimeout: Duration = .seconds(5)
        package var maximumEntries = 10_000
        package var maximumBytes = 64 << 20
        package var maximumAbsences = 10_000
        /// Callers on one flight; more are refused as `overloaded`.
        package var maximumWaiters = 10_000
        /// The parameter that names the backend, with backend `auto`.
        package var backendParameter = "the backend's parameter"
        /// A random number in 0..<1, for jitter.
        package var jitter: @Sendable () -> Double = { .random(in: 0..<1) }

        package init() {}

        /// The times of one store.
        func ttls(of store: SecretStore) -> SecretTTLs {
            ttls[store] ?? SecretTTLs(fresh: freshTTL, negative: negativeTTL)
        }
    }

    /// What memory has for a query.
    package enum Hit: Sendable {
        /// `received` is when its store said so.
        case found(SecretEntry, received: Now, isStale: Bool)
        /// There is no such secret, as far as was known within the negative TTL, or it is a field of the blob that
        /// cannot be handed out; the fault says which.
        case absent(UpstreamFault)
    }

    /// The answer to one caller.
    package struct Served: Sendable {
        package let entry: SecretEntry
        /// When its store said so, for `Age`.
        package let received: Now
        /// Memory for what was there already, else the store.
        package let tier: Tier
        package let isStale: Bool
        /// Why it is not as new as wished.
        package let refreshError: UpstreamFault?

        package init(
            entry: SecretEntry, received: Now, tier: Tier, isStale: Bool, refreshError: UpstreamFault?
        ) {
            self.entry = entry
            self.received = received
            self.tier = tier
            self.isStale = isStale
            self.refreshError = refreshError
        }
    }

    /// What one lock guards.
    struct State {
        var cache: SecretCache
        /// Nil until it is known.
        var backend: SecretBackend?
        /// The secrets that stay in Secrets Manager; nil until that is known.
        var kept: Set<SecretKey>? = []
        /// Why it is not known: ends a sentence that begins with the parameter's name.
        var unknown = "has not been read yet"
        /// Callers are told at once that it is not known.
        var failsUnknown = false
        /// The first look at the kept secrets has failed; callers do not wait for the next one.
        var keptIsUnread = false
        /// Called for each caller who has to wait to know where secrets are read.
        var whenAwaited: (@Sendable () -> Void)?

        /// Nil while callers have to wait to know.
        var places: SecretPlaces? {
            guard let backend, !isDoubtful || keptIsUnread else { return nil }
            return SecretPlaces(backend: backend, kept: kept ?? [])
        }

        /// Whether a secret that is read from Parameter Store may be kept in Secrets Manager.
        var isDoubtful: Bool { backend?.store == .parameterStore && kept == nil }

        /// A query with its stores; nil while callers have to wait to know them.
        func route(_ query: SecretQuery) -> RoutedQuery? {
            if let store = query.store { return RoutedQuery(item: query, blobStore: store) }
            return places?.route(query)
        }
    }

    let sources: [SecretSource]
    let configuration: Configuration
    let state: Mutex<State>
    let reads: SingleFlight<SecretQuery, SecretRecord>
    let tagKey = Secret(Random.bytes(32))
    let parsing = ParsedText.Budget()
    let waiters: BackendWaiters
    private let asked = Atomic<Bool>(false)
    let time: TimeSource
    let telemetry: TierTelemetry
    let shadow: ShadowComparison

    /// - Parameters:
    ///   - sources: at most one a store; a query of a store that has none is refused as `notReady`.
    ///   - backend: where secrets are read; nil until ``follow(_:)`` says so.
    package init(
        sources: [SecretSource], backend: SecretBackend?, configuration: Configuration = Configuration(),
        time: TimeSource, sleeper: Sleeper = .system, metrics: Metrics, health: TierHealth, log: Logger
    ) {
        self.sources = sources
        self.configuration = configuration
        self.time = time
        let telemetry = TierTelemetry(metrics: metrics, health: health, log: log, time: time)
        self.telemetry = telemetry
        let cache = SecretCache(
            maxEntries: configuration.maximumEntries, maxBytes: configuration.maximumBytes,
            maxAbsences: configuration.maximumAbsences)
        state = Mutex(State(cache: cache, backend: backend))
        waiters = BackendWaiters(maxWaiters: configuration.maximumWaiters, sleeper: sleeper)
        reads = SingleFlight(
            maxWaiters: configuration.maximumWaiters, maxDuration: configuration.upstreamTimeout * 2, time: time,
            sleeper: sleeper)
        shadow = ShadowComparison(
            other: sources.first { $0.store == .parameterStore }, timeout: configuration.upstreamTimeout,
            interval: configuration.ttls(of: .secretsManager).fresh, maxNames: configuration.maximumEntries,
            telemetry: telemetry)
        health.onRecovery { [weak self] in self?.recovered($0) }
    }

    /// A tier that failed answers again: what waited for that goes on.
    private func recovered(_ tier: Tier) {
        guard let store = SecretStore.allCases.first(where: { $0.tier == tier }) else { return }
        let now = time.now()
        state.withLock { $0.cache.recovered(store, now) }
    }

    /// What memory has, without waiting; nil when a store must be asked. One lock.
    ///
    /// A value near the end of its TTL is fetched anew in the background, so that what is in use is seldom waited for.
    package func cached(_ query: SecretQuery, now: Now) -> Hit? {
        cached(now) { state in
            guard let placed = state.route(query) else { return Looked(hit: nil) }
            return Self.look(placed, &state.cache, now).without(absence: state.isDoubtful && query.store == nil)
        }
    }

    /// A secret by way of its store, for a caller ``cached(_:now:)`` had nothing for or who wants it anew.
    ///
    /// - Parameters:
    ///   - demand: how new the answer has to be. While a forced read fails the cache answers, with the failure beside
    ///     it.
    ///   - deadline: when the caller stops waiting (`timedOut`).
    ///   - completion: called once, on any thread, perhaps before this returns. `notFound` where there is no such
    ///     secret.
    package func secret(
        _ query: SecretQuery, demand: SecretDemand = .cached, deadline: MonotonicTime,
        completion: @escaping @Sendable (Result<Served, UpstreamFault>) -> Void
    ) {
        if demand.isCallers { asked.store(true, ordering: .relaxed) }
        guard let placed = state.withLock({ $0.route(query) }) else {
            return whenBackendKnown(by: deadline) { fault in
                if let fault { return completion(.failure(fault)) }
                self.secret(query, demand: demand, deadline: deadline, completion: completion)
            }
        }
        let completion = query.store == nil ? doubting(completion) : completion
        let item = placed.item
        let key = ExactText(item.key.name)
        guard !placed.isBlob else {
            resolve(item, demand, deadline) { completion(self.served($0, item, demand) { .success($0.whole) }) }
            return
        }
        resolve(placed.currentBlob, demand, deadline) { outcome in
            var blobFault: UpstreamFault?
            switch outcome {
            case .failure(let fault) where fault.reason != .notFound: return completion(.failure(fault))
            case .failure(let fault): blobFault = fault.isFromEarlierRead ? .refreshFloor : nil
            case .success(let blob) where blob.record.fields[key] != nil:
                guard item.isVersioned else {
                    completion(self.served(outcome, item, demand) { $0.fields[key] })
                    return
                }
                self.resolve(placed.blob, demand, deadline) {
                    completion(self.served($0, item, demand) { $0.fields[key] })
                }
                return
            case .success(let blob): blobFault = demand == .forced ? blob.fault : nil
            }
            // What the blob says is a part of the answer, so a demand that it did not meet is told too.
            let unmet = blobFault
            guard item.key.isItemName else {
                let absence = UpstreamFault(.notFound, upstream: item.store?.tier.upstream)
                let outcome = unmet == nil ? .failure(absence) : Self.earlier(.failure(absence), because: unmet)
                return completion(self.served(outcome, item, demand) { .success($0.whole) })
            }
            self.resolve(item, demand, deadline) {
                let outcome = unmet == nil ? $0 : Self.earlier($0, because: unmet)
                completion(self.served(outcome, item, demand) { .success($0.whole) })
            }
        }
    }

    /// Tells a caller of an absence only while it is certain which store has the secret.
    private func doubting(
        _ completion: @escaping @Sendable (Result<Served, UpstreamFault>) -> Void
    ) -> @Sendable (Result<Served, UpstreamFault>) -> Void {
        { completion($0.mapError { self.doubted($0) }) }
    }

    /// ``secret(_:demand:deadline:completion:)`` for code that awaits.
    package func secret(
        _ query: SecretQuery, demand: SecretDemand = .cached, deadline: MonotonicTime
    ) async throws(UpstreamFault) -> Served {
        try await withCheckedContinuation { continuation in
            secret(query, demand: demand, deadline: deadline) { continuation.resume(returning: $0) }
        }.get()
    }

    /// What memory has of a store's own item, the blob's fields left out of account; nil when the store must be asked.
    package func cachedItem(_ query: SecretQuery, now: Now) -> Hit? {
        cached(now) { state in
            guard let placed = state.route(query) else { return Looked(hit: nil) }
            return Self.item(placed.item, &state.cache, now) { .success($0.whole) }
                .without(absence: state.isDoubtful && query.store == nil)
        }
    }

    /// A store's own item, as ``secret(_:demand:deadline:completion:)`` and without looking for it in the blob.
    package func item(
        _ query: SecretQuery, demand: SecretDemand = .cached, deadline: MonotonicTime,
        completion: @escaping @Sendable (Result<Served, UpstreamFault>) -> Void
    ) {
        if demand.isCallers { asked.store(true, ordering: .relaxed) }
        guard let placed = state.withLock({ $0.route(query) }) else {
            return whenBackendKnown(by: deadline) { fault in
                if let fault { return completion(.failure(fault)) }
                self.item(query, demand: demand, deadline: deadline, completion: completion)
            }
        }
        let completion = query.store == nil ? doubting(completion) : completion
        let item = placed.item
        resolve(item, demand, deadline) { completion(self.served($0, item, demand) { .success($0.whole) }) }
    }

    /// ``item(_:demand:deadline:completion:)`` for code that awaits.
    package func item(
        _ query: SecretQuery, demand: SecretDemand = .cached, deadline: MonotonicTime
    ) async throws(UpstreamFault) -> Served {
        try await withCheckedContinuation { continuation in
            item(query, demand: demand, deadline: deadline) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Empties memory, known absences included. What reads under way bring goes to those who wait for it and is not
    /// kept; who comes later starts another.
    package func clear() {
        reads.replaceAll()
        state.withLock { $0.cache.clear() }
    }

    // MARK: Readiness

    /// Whether a caller has asked for a secret, or an issuer's credentials have been looked for among the secrets.
    package var isAsked: Bool { asked.load(ordering: .relaxed) }

    /// Until when any value that callers have been given may be served though the store in force fails; nil where there
    /// is none.
    package func usableUntil() -> MonotonicTime? {
        let store = store
        return state.withLock { $0.cache.usableUntil(of: store) }
    }

    /// Whether the blob that was read last has a field of one of these names.
    package func blobHas(anyOf names: [String]) -> Bool {
        let blob = SecretQuery(.blob, store: store)
        let fields = state.withLock { $0.cache.latest(blob) }?.fields
        return fields.map { fields in names.contains { fields[ExactText($0)] != nil } } ?? false
    }

    /// Entries, bytes and known absences in memory.
    package func size() -> (entries: Int, bytes: Int, absences: Int) {
        state.withLock { ($0.cache.count, $0.cache.bytes, $0.cache.absenceCount) }
    }

    /// Bytes of values that are kept parsed, for their fields.
    package var parsedBytes: Int { parsing.usedBytes }
}
