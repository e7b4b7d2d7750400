internal import LatchkeyCore
internal import LatchkeyMetrics

extension SecretBroker {
    /// The state behind the lock.
    struct State {
        var cache: SecretCache
        /// Nil until it is known.
        var backend: SecretBackend? { didSet { cache.dropHits() } }
        /// The secrets that stay in Secrets Manager; nil until they are known.
        var kept: Set<SecretKey>? = [] { didSet { cache.dropHits() } }
        /// Why the backend is not known: the end of a sentence that starts with the name of the parameter.
        var unknown = "has not been read yet"
        /// Whether callers are told at once that the backend is not known.
        var failsUnknown = false
        /// Whether the first read of the kept secrets has failed. Callers do not wait for the next one.
        var keptListIsUnreadable = false { didSet { cache.dropHits() } }
        /// Called when a store has taken something away that was served, and awaited before the answer.
        var onRevocation: (@Sendable () async -> Void)?
        /// Called for each caller that has to wait until the backend is known.
        var onBackendAwaited: (@Sendable () -> Void)?

        /// Nil while callers have to wait for it.
        var routing: SecretRouting? {
            guard let backend, !isUncertain || keptListIsUnreadable else { return nil }
            return SecretRouting(backend: backend, kept: kept ?? [])
        }

        /// Whether a secret that is read from Parameter Store may be kept in Secrets Manager.
        var isUncertain: Bool { backend?.store == .parameterStore && kept == nil }

        /// The lookup of a query; nil while the caller has to wait for the backend.
        func lookup(_ query: SecretQuery, _ demand: SecretDemand, skipsBlob: Bool) -> SecretLookup? {
            if let store = query.store {
                return SecretLookup(query, blobStore: store, demand: demand, skipsBlob: skipsBlob)
            }
            return routing.map { routing in
                SecretLookup(
                    query.of(routing.store(of: query.key)), blobStore: routing.store(of: .blob), demand: demand,
                    skipsBlob: skipsBlob)
            }
        }

        /// Looks a query up in memory.
        ///
        /// - Returns: the answer and the items to read again in the background; nil if a store must be read.
        mutating func cached(
            _ query: SecretQuery, skipsBlob: Bool, _ now: Now
        ) -> (answer: Result<ServedSecret, UpstreamFault>, due: [SecretQuery])? {
            guard var lookup = lookup(query, .cached, skipsBlob: skipsBlob) else { return nil }
            var step = lookup.begin()
            var due: [SecretQuery] = []
            var read: [SecretQuery] = []
            while true {
                switch step {
                case .read(let item):
                    read.append(item)
                    switch cache.find(item, now) {
                    case .record(let record, let fault):
                        step = lookup.apply(.success(SecretRead(record: record, tier: .memory, fault: fault)))
                    case .absent(let fault): step = lookup.apply(.failure(fault))
                    case .failed, .unknown: return nil
                    }
                    if cache.isDue(item, now) { due.append(item) }
                case .found(let found, let entry):
                    cache.use(found.record)
                    if query == SecretQuery(query.key), !skipsBlob, found.fault == nil {
                        let hit = SecretHit(entry: entry, received: found.record.received.monotonic)
                        cache.keep(hit, for: query.key, from: read, now)
                    }
                    // A stale hit does not report the error of the refresh in the background.
                    let served = ServedSecret(entry, found, isStale: found.fault != nil, refreshError: nil)
                    return (.success(served), due)
                case .failed(let fault):
                    return isUncertain && query.store == nil ? nil : (.failure(fault), due)
                }
            }
        }
    }
}
