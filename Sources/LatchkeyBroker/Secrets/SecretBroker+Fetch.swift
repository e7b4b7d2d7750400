internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import Synchronization

// Past memory: one item through its flight.

extension SecretBroker {
    typealias Outcome = Result<Resolved, UpstreamFault>

    /// An item got from memory or from its store.
    struct Resolved: Sendable {
        var record: SecretRecord
        var tier: Tier
        var fault: UpstreamFault?

        /// Served past its time. What has just come is not, however short its time.
        func isStale(_ now: Now) -> Bool { tier == .memory && !record.isFresh(now) }
    }

    /// One item from memory or through its flight. The store is named.
    func resolve(
        _ item: SecretQuery, _ demand: SecretDemand, _ deadline: MonotonicTime,
        _ completion: @escaping @Sendable (Outcome) -> Void
    ) {
        let now = time.now()
        let isReading = demand == .forced && reads.waiters(on: item) != nil
        let start = state.withLock { Self.start(item, demand, &$0.cache, isReading: isReading, now) }
        switch start {
        case .known(let outcome, let isDue):
            if isDue { readInBackground([item]) }
            completion(outcome)
        case .join(let isNew, let isLate):
            telemetry.metrics.tierRequest(.secret, .memory, demand == .cached ? .miss : .skipped)
            join(item, isNew: isNew, deadline, mayRepeat: !isNew) { completion(isLate ? Self.earlier($0) : $0) }
        }
    }

    /// Waits for the item's flight, starting it if there is none.
    /// - Parameters:
    ///   - isNew: the flight must begin now.
    ///   - mayRepeat: a caller who joined late may wait for one more flight (``LateJoin``).
    private func join(
        _ item: SecretQuery, isNew: Bool, _ deadline: MonotonicTime, mayRepeat: Bool,
        _ completion: @escaping @Sendable (Outcome) -> Void
    ) {
        let isLate = mayRepeat && reads.waiters(on: item) != nil
        let late = LateJoin(
            since: time.now().monotonic, deadline: deadline, attempt: configuration.upstreamTimeout)
        let joined = reads.join(item, isNew: isNew, deadline: deadline) {
            await self.fetch(item, $0)
        } waiter: { outcome in
            let answer = self.answer(outcome, item)
            if isLate, case .failure(let fault) = answer, late.callsAgain(after: fault, now: self.time.now().monotonic)
            {
                self.join(item, isNew: false, deadline, mayRepeat: false, completion)
            } else {
                completion(answer)
            }
        }
        if joined { telemetry.metrics.flightJoined(.secret) }
    }

    /// Where an answer is to come from.
    private enum Start {
        /// From memory; the flag: it is to be fetched anew behind the caller.
        case known(Outcome, isDue: Bool)
        /// From a flight. `isLate`: the flight began before the caller demanded a read of its own.
        case join(isNew: Bool, isLate: Bool)
    }

    private static func start(
        _ item: SecretQuery, _ demand: SecretDemand, _ cache: inout SecretCache, isReading: Bool, _ now: Now
    ) -> Start {
        switch demand {
        case .reread: return .join(isNew: true, isLate: false)
        case .recent(let age):
            guard let record = cache.latest(item), record.isFresh(now), now.monotonic - record.received.monotonic < age
            else { return .join(isNew: false, isLate: false) }
            return .known(.success(Resolved(record: record, tier: .memory)), isDue: false)
        case .forced:
            if cache.mayForce(item, now) { return .join(isNew: true, isLate: false) }
            // The read that was forced less than 2 s ago may still be under way: it is newer than memory.
            if isReading { return .join(isNew: false, isLate: true) }
        case .cached: break
        }
        let isForced = demand == .forced
        switch cache.find(item, now) {
        case .record(let record, let fault):
            let resolved = Resolved(record: record, tier: .memory, fault: isForced ? cache.fault(item, now) : fault)
            let outcome = Outcome.success(resolved)
            return .known(isForced ? earlier(outcome) : outcome, isDue: cache.isDue(item, now))
        case .absent(let fault):
            let outcome = Outcome.failure(fault)
            return .known(isForced ? earlier(outcome) : outcome, isDue: cache.isDue(item, now))
        case .failed(let fault): return .known(.failure(fault), isDue: false)
        case .unknown: return .join(isNew: false, isLate: false)
        }
    }

    /// The outcome for a caller who demanded a read of its own and gets what an earlier one said.
    static func earlier(_ outcome: Outcome, because fault: UpstreamFault? = nil) -> Outcome {
        switch outcome {
        case .success(var resolved):
            resolved.fault = resolved.fault ?? fault ?? .refreshFloor
            return .success(resolved)
        case .failure(var fault):
            fault.isFromEarlierRead = true
            return .failure(fault)
        }
    }

    /// What a flight's outcome means for one caller: after a failure, what memory still has.
    private func answer(_ outcome: Result<SecretRecord, UpstreamFault>, _ item: SecretQuery) -> Outcome {
        switch outcome {
        case .success(let record):
            return .success(Resolved(record: record, tier: (item.store ?? .parameterStore).tier))
        case .failure(let fault) where fault.reason == .notFound: return .failure(fault)
        case .failure(let fault):
            let now = time.now()
            switch state.withLock({ $0.cache.fallback(item, fault, now) }) {
            case .record(let record, let fault):
                return .success(Resolved(record: record, tier: .memory, fault: fault))
            case .absent(let absence): return .failure(absence)
            case .failed, .unknown: return .failure(fault)
            }
        }
    }

    func served(
        _ outcome: Outcome, _ query: SecretQuery, _ demand: SecretDemand,
        pick: (SecretRecord) -> SecretRecord.Field?
    ) -> Result<Served, UpstreamFault> {
        outcome.flatMap { resolved in
            let record = resolved.record
            let entry: SecretEntry
            switch pick(record) {
            case .success(let found): entry = found
            case .failure(let fault): return .failure(fault)
            case nil:
                let name = source(of: query).map { $0.name(of: query.key) }
                return .failure(UpstreamFault(.notFound, upstream: query.store?.tier.upstream, subject: name))
            }
            if demand.isCallers, !record.isUsed { state.withLock { $0.cache.use(record) } }
            let isStale = resolved.isStale(time.now())
            if isStale { telemetry.metrics.staleServed(.secret) }
            return .success(
                Served(
                    entry: entry, received: record.received, tier: resolved.tier, isStale: isStale,
                    refreshError: resolved.fault))
        }
    }

    private func source(of item: SecretQuery) -> SecretSource? { sources.first { $0.store == item.store } }

    /// The work of one flight: the fetch, and keeping what it brought.
    func fetch(_ item: SecretQuery, _ deadline: MonotonicTime) async -> Result<SecretRecord, UpstreamFault> {
        guard let source = source(of: item) else {
            return .failure(UpstreamFault(.notReady, code: .storeNotInUse))
        }
        let started = time.now()
        let read = state.withLock { $0.cache.beginRead() }
        let name = source.name(of: item.key)
        let tier = source.store.tier
        do throws(UpstreamFault) {
            // The source bounds each request. The wait for a turn and a listing's many requests have the callers' time.
            let fetched = try await source.fetch(item, name, deadline)
            let record: SecretRecord
            do throws(UpstreamFault) {
                record = try self.record(of: fetched, item, from: source)
            } catch {
                return .failure(unreadable(item, error, tier, since: started, read: read))
            }
            telemetry.succeeded(.secret, tier, .hit, since: started)
            if item.isCurrentBlob { telemetry.gaveValidBlob(tier) }
            state.withLock { $0.cache.store(record, for: item, read: read) }
            compare(item, fetched, name)
            return .success(record)
        } catch  where error.reason == .notFound {
            var fault = error
            fault.subject = name
            telemetry.succeeded(.secret, tier, .miss, since: started)
            if item.isCurrentBlob { telemetry.gaveValidBlob(tier) }
            let (now, jitter) = (time.now(), configuration.jitter())
            state.withLock {
                $0.cache.store(
                    SecretAbsence(
                        item, fault, now, freshFor: configuration.ttls(of: source.store).negative,
                        staleFor: configuration.staleTTL, jitter: jitter), for: item, read: read)
            }
            return .failure(fault)
        } catch {
            var fault = error
            // What is missing before the store can be asked is said first.
            fault.subject = fault.subject ?? name
            let now = time.now()
            let isFirst = state.withLock { $0.cache.failed(item, fault, now, read: read) }
            if StaleWhileError.isAllowed(after: fault) || item.isCurrentBlob {
                telemetry.failed(.secret, tier, fault, since: started)
            } else {
                telemetry.refused(.secret, tier, fault, isFirst: isFirst, since: started)
            }
            return .failure(fault)
        }
    }

    /// Notes a blob that came and is no JSON object: its store is well, and what memory has of it is served on as if
    /// the store were not.
    private func unreadable(
        _ item: SecretQuery, _ fault: UpstreamFault, _ tier: Tier, since started: Now, read: UInt64
    ) -> UpstreamFault {
        let now = time.now()
        let (isFirst, isServed) = state.withLock { state in
            let isFirst = state.cache.failed(item, fault, now, read: read)
            guard case .record = state.cache.fallback(item, fault, now) else { return (isFirst, false) }
            return (isFirst, true)
        }
        if item.isCurrentBlob {
            telemetry.gaveInvalidBlob(tier, fault, isServed: isServed, since: started)
        } else {
            telemetry.refused(.secret, tier, fault, isFirst: isFirst, since: started)
        }
        return fault
    }

    /// In the backend `shadow`, what Secrets Manager said is held against Parameter Store.
    private func compare(_ item: SecretQuery, _ fetched: FetchedSecret, _ name: String) {
        guard backend == .shadow, item.store == .secretsManager, item.shape == .value, !item.isVersioned else { return }
        shadow.compare(item.key, fetched.value, name)
    }

    /// What was fetched as it is kept. Where the store's version is the one in memory and its value the same, so are
    /// the entries: the blob is parsed once a version, and what was rendered for it stays good.
    private func record(
        of fetched: FetchedSecret, _ item: SecretQuery, from source: SecretSource
    ) throws(UpstreamFault) -> SecretRecord {
        let now = time.now()
        let last = state.withLock { $0.cache.latest(item) }
        func kept(_ whole: SecretEntry, _ fields: [ExactText: SecretRecord.Field]) -> SecretRecord {
            SecretRecord(
                whole: whole, fields: fields, received: now, freshFor: configuration.ttls(of: source.store).fresh,
                staleFor: configuration.staleTTL, jitter: configuration.jitter())
        }
        if let last, last.whole.version == fetched.version, last.whole.value == fetched.value,
            last.whole.attributes == fetched.attributes
        {
            return kept(last.whole, last.fields)
        }
        func entry(_ key: String, _ value: Secret, isBinary: Bool = false) -> SecretEntry {
            SecretEntry(
                key: key, value: value, isBinary: isBinary, version: fetched.version, source: source.store.tier,
                attributes: fetched.attributes, tagKey: tagKey, parsing: parsing)
        }
        let whole = entry(item.key.name, fetched.value, isBinary: fetched.isBinary)
        guard item.key == .blob, item.shape == .value else { return kept(whole, [:]) }
        let fields = try BlobFields(fetched, source.store.tier, subject: source.name(of: item.key))
        return kept(whole, fields.map { entry($0, $1) })
    }
}
