package import LatchkeyCore
internal import LatchkeyCrypto
package import LatchkeyMetrics
package import Logging
internal import Synchronization

/// Serves secrets: from memory, else with one read per item. ``SecretLookup`` decides where a key is found.
package final class SecretBroker: Sendable {
    /// The parts of the settings that concern secrets, and limits.
    package struct Configuration: Sendable {
        /// `LATCHKEY_SECRET_TTL`: how long a value is served without another read.
        package var freshTTL: Duration
        /// `LATCHKEY_NEGATIVE_TTL`: how long a known absence is served.
        package var negativeTTL: Duration
        /// The TTLs of stores that differ from ``freshTTL`` and ``negativeTTL``.
        package var ttls: [SecretStore: SecretTTLs] = [:]
        /// `LATCHKEY_STALE_TTL`: how long a value is served beyond its TTL while its store fails.
        package var staleTTL: Duration
        /// `LATCHKEY_UPSTREAM_TIMEOUT`: the maximum duration of one request to a store. A read may wait for the rate
        /// limiter or take many requests, and takes at most twice as long.
        package var upstreamTimeout: Duration
        package var maximumEntries = 10_000
        package var maximumBytes = 64 << 20
        package var maximumAbsences = 10_000
        /// How many callers may wait for one read; more are refused as `overloaded`.
        package var maximumWaiters = 10_000
        /// Reads of each store that are in progress at once (``SecretQuery/readCost``); the rest waits, and callers take turns.
        /// Those of a store that is not here are not limited.
        package var readCapacity: [SecretStore: Int] = [:]
        /// Reads of one store that wait for their turn.
        package var maximumWaitingReads = 10_000
        /// The parameter that names the backend, for messages.
        package var backendParameter = "the backend's parameter"

        package init(freshTTL: Duration, negativeTTL: Duration, staleTTL: Duration, upstreamTimeout: Duration) {
            self.freshTTL = freshTTL
            self.negativeTTL = negativeTTL
            self.staleTTL = staleTTL
            self.upstreamTimeout = upstreamTimeout
        }

        func ttls(of store: SecretStore) -> SecretTTLs {
            ttls[store] ?? SecretTTLs(fresh: freshTTL, negative: negativeTTL)
        }
    }

    package typealias Completion = @Sendable (Result<ServedSecret, UpstreamFault>) -> Void

    let sources: [SecretSource]
    let configuration: Configuration
    let state: Mutex<State>
    let reads: SingleFlight<SecretQuery, SecretRecord>
    let readTurns: [SecretStore: ReadTurns]
    let tagKey = Secret(Random.bytes(32))
    let parsing = ParsedText.Budget()
    let rendering = ParsedText.Budget(maxBytes: ParsedText.Budget.maxRenderedBytes)
    let waiters: BackendWaiters
    private let requested = Atomic<Bool>(false)
    let time: Timing
    let telemetry: TierTelemetry
    let shadow: ShadowComparison

    /// - Parameters:
    ///   - sources: at most one per store. A query of a store without a source fails as `notReady`.
    ///   - backend: nil if it is not known until ``follow(_:)`` is called.
    package init(
        sources: [SecretSource], backend: SecretBackend?, configuration: Configuration,
        time: Timing, metrics: Metrics, health: TierHealth, log: Logger
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
        waiters = BackendWaiters(maxWaiters: configuration.maximumWaiters, time: time)
        reads = SingleFlight(
            maxWaiters: configuration.maximumWaiters, maxDuration: configuration.upstreamTimeout * 2, time: time)
        readTurns = configuration.readCapacity.mapValues {
            ReadTurns(capacity: $0, maxWaiting: configuration.maximumWaitingReads, time: time)
        }
        shadow = ShadowComparison(
            other: sources.first { $0.store == .parameterStore }, timeout: configuration.upstreamTimeout,
            interval: configuration.ttls(of: .secretsManager).fresh, maxNames: configuration.maximumEntries,
            telemetry: telemetry)
        health.onRecovery { [weak self] in self?.recovered($0) }
    }

    /// Ends the backoffs that the failure of `tier` caused.
    private func recovered(_ tier: Tier) {
        guard let store = SecretStore.allCases.first(where: { $0.tier == tier }) else { return }
        let now = time.now()
        state.withLock { $0.cache.recovered(store, now) }
    }

    // MARK: From memory

    /// The answer from memory, without waiting; nil if a store must be read. Takes one lock.
    ///
    /// A failure is a known absence, or a field of the blob that cannot be served. A value near the end of its TTL is
    /// read again in the background, so that callers rarely wait for a secret in use.
    package func cached(_ query: SecretQuery, now: Now) -> Result<ServedSecret, UpstreamFault>? {
        cached(query, skipsBlob: false, now)
    }

    /// The current version of a secret, if an earlier request has found it and it is fresh. Otherwise ``cached(_:now:)``
    /// decides. Takes one lock and does not wait. The caller counts the hit.
    ///
    /// - Parameter key: its name, decoded.
    package func hit(_ key: UnsafeRawBufferPointer, now: Now) -> SecretHit? {
        state.withLock { $0.cache.hits.find(key, now.monotonic) }
    }

    /// ``hit(_:now:)``, for one of several keys: looks the secret up if no earlier request has found it.
    package func hit(_ key: SecretKey, now: Now) -> SecretHit? {
        state.withLock { state in
            // This keeps what it finds, unless a read is due.
            _ = state.cached(SecretQuery(key), skipsBlob: false, now)
            var name = key.name
            return name.withUTF8 { state.cache.hits.find(UnsafeRawBufferPointer($0), now.monotonic) }
        }
    }

    /// ``cached(_:now:)`` for an item of a store, without looking for a field of the blob.
    package func cachedItem(_ query: SecretQuery, now: Now) -> Result<ServedSecret, UpstreamFault>? {
        cached(query, skipsBlob: true, now)
    }

    private func cached(
        _ query: SecretQuery, skipsBlob: Bool, _ now: Now
    ) -> Result<ServedSecret, UpstreamFault>? {
        guard let found = state.withLock({ $0.cached(query, skipsBlob: skipsBlob, now) }) else { return nil }
        let isStale = (try? found.answer.get().isStale) ?? false
        telemetry.metrics.tierRequest(.secret, .memory, isStale ? .stale : .hit)
        if isStale { telemetry.metrics.staleServed(.secret) }
        readInBackground(found.due)
        return found.answer
    }

    // MARK: From the stores

    /// Gets a secret, for a caller that ``cached(_:now:)`` had nothing for, or that wants a newer one.
    ///
    /// - Parameters:
    ///   - demand: how new the answer has to be. If a forced read fails, the cached value is returned with the error.
    ///   - requester: the caller; nil for Latchkey itself.
    ///   - deadline: when the caller stops waiting; the result is `timedOut` then.
    ///   - completion: called once, on any thread, possibly before this returns. Gets `notFound` if the secret does not
    ///     exist.
    package func secret(
        _ query: SecretQuery, demand: SecretDemand = .cached, for requester: Requester? = nil,
        deadline: MonotonicTime,
        completion: @escaping Completion
    ) {
        lookUp(query, skipsBlob: false, demand, requester, deadline: deadline, completion: completion)
    }

    /// ``secret(_:demand:for:deadline:completion:)`` for asynchronous code.
    package func secret(
        _ query: SecretQuery, demand: SecretDemand = .cached, for requester: Requester? = nil,
        deadline: MonotonicTime
    ) async throws(UpstreamFault) -> ServedSecret {
        try await withCheckedContinuation { continuation in
            secret(query, demand: demand, for: requester, deadline: deadline) { continuation.resume(returning: $0) }
        }.get()
    }

    /// ``secret(_:demand:for:deadline:completion:)`` for an item of a store, without looking for a field of the blob.
    package func item(
        _ query: SecretQuery, demand: SecretDemand = .cached, for requester: Requester? = nil,
        deadline: MonotonicTime,
        completion: @escaping Completion
    ) {
        lookUp(query, skipsBlob: true, demand, requester, deadline: deadline, completion: completion)
    }

    /// ``item(_:demand:for:deadline:completion:)`` for asynchronous code.
    package func item(
        _ query: SecretQuery, demand: SecretDemand = .cached, for requester: Requester? = nil,
        deadline: MonotonicTime
    ) async throws(UpstreamFault) -> ServedSecret {
        try await withCheckedContinuation { continuation in
            item(query, demand: demand, for: requester, deadline: deadline) { continuation.resume(returning: $0) }
        }.get()
    }

    private func lookUp(
        _ query: SecretQuery, skipsBlob: Bool, _ demand: SecretDemand, _ requester: Requester?,
        deadline: MonotonicTime, completion: @escaping Completion
    ) {
        if demand.isCallers { requested.store(true, ordering: .relaxed) }
        guard let lookup = state.withLock({ $0.lookup(query, demand, skipsBlob: skipsBlob) }) else {
            return whenBackendKnown(for: requester, by: deadline) { fault in
                if let fault { return completion(.failure(fault)) }
                self.lookUp(query, skipsBlob: skipsBlob, demand, requester, deadline: deadline, completion: completion)
            }
        }
        let isRouted = query.store == nil
        take(lookup.begin(), of: lookup, demand, requester, deadline: deadline) { answer in
            completion(isRouted ? answer.mapError { self.hidingUncertainAbsence($0) } : answer)
        }
    }

    /// Executes one step of a lookup, and those after it.
    private func take(
        _ step: SecretLookup.Step, of lookup: SecretLookup, _ demand: SecretDemand, _ requester: Requester?,
        deadline: MonotonicTime, completion: @escaping Completion
    ) {
        switch step {
        case .read(let item):
            read(item, demand, for: requester, deadline: deadline) { outcome in
                var lookup = lookup
                let step = lookup.apply(outcome)
                self.take(step, of: lookup, demand, requester, deadline: deadline, completion: completion)
            }
        case .found(let read, let entry): completion(.success(served(entry, read, demand)))
        case .failed(let fault): completion(.failure(fault))
        }
    }

    private func served(_ entry: SecretEntry, _ read: SecretRead, _ demand: SecretDemand) -> ServedSecret {
        if demand.isCallers, !read.record.isUsed { state.withLock { $0.cache.use(read.record) } }
        let isStale = read.isStale(time.now())
        if isStale { telemetry.metrics.staleServed(.secret) }
        return ServedSecret(entry, read, isStale: isStale, refreshError: read.fault)
    }

    /// Clears memory, including known absences.
    ///
    /// The results of reads in progress go to the callers that wait for them and are not kept. Later callers start new
    /// reads.
    package func clear() {
        reads.replaceAll()
        state.withLock { $0.cache.clear() }
    }

    // MARK: Readiness

    /// Whether a caller has requested a secret, or the credentials of an issuer were looked up among the secrets.
    package var wasRequested: Bool { requested.load(ordering: .relaxed) }

    /// Until when any value that callers have been given can be served if the store in force fails; nil if there is
    /// none.
    package func usableUntil() -> MonotonicTime? {
        let store = store
        return state.withLock { $0.cache.usableUntil(of: store) }
    }

    /// The age of the oldest secret that is served past its TTL because its store fails; nil if there is none.
    package func oldestStaleAge(_ now: Now) -> Duration? { state.withLock { $0.cache.oldestStaleAge(now) } }

    /// Whether the last blob that was read has a field with one of these names.
    package func blobHas(anyOf names: [String]) -> Bool {
        let blob = SecretQuery(.blob, store: store)
        let fields = state.withLock { $0.cache.latest(blob) }?.fields
        return fields.map { fields in names.contains { fields[ExactText($0)] != nil } } ?? false
    }
}
