internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import Synchronization

// Reading one item from its store.
extension SecretBroker {
    /// Gets one item from memory, or with a shared read.
    ///
    /// - Parameters:
    ///   - item: with its store.
    ///   - requester: the caller; nil for Latchkey itself.
    func read(
        _ item: SecretQuery, _ demand: SecretDemand, for requester: Requester?, deadline: MonotonicTime,
        completion: @escaping @Sendable (SecretRead.Outcome) -> Void
    ) {
        let now = time.now()
        let isReading = demand == .forced && reads.waiters(on: item) != nil
        let source = state.withLock { Self.source(of: item, demand, &$0.cache, isReading: isReading, now) }
        switch source {
        case .memory(let outcome, let isDue):
            if isDue { readInBackground([item]) }
            completion(outcome)
        case .store(let isNew, let isEarlier):
            telemetry.metrics.tierRequest(.secret, .memory, demand == .cached ? .miss : .skipped)
            join(item, isNew: isNew, for: requester, deadline: deadline, mayRepeat: !isNew) {
                completion(isEarlier ? $0.asEarlierRead() : $0)
            }
        }
    }

    /// Starts a read of each item in the background, unless one is in progress.
    func readInBackground(_ items: [SecretQuery]) {
        for item in items { _ = reads.start(item) { await self.fetch(item, for: .refreshAhead, $0) } }
    }

    /// Where an item comes from.
    private enum Source {
        /// - Parameter isDue: whether the item has to be read again in the background.
        case memory(SecretRead.Outcome, isDue: Bool)
        /// - Parameters:
        ///   - isNew: whether the read has to start now.
        ///   - isEarlier: whether the caller demanded a new read and has to share an earlier one.
        case store(isNew: Bool, isEarlier: Bool)
    }

    private static func source(
        of item: SecretQuery, _ demand: SecretDemand, _ cache: inout SecretCache, isReading: Bool, _ now: Now
    ) -> Source {
        switch demand {
        case .reread: return .store(isNew: true, isEarlier: false)
        case .recent(let age):
            guard let record = cache.latest(item), record.isFresh(now), now.monotonic - record.received.monotonic < age
            else { return .store(isNew: false, isEarlier: false) }
            return .memory(.success(SecretRead(record: record, tier: .memory)), isDue: false)
        case .forced:
            if cache.mayForce(item, now) { return .store(isNew: true, isEarlier: false) }
            // The last forced read may still be in progress. It is newer than memory.
            if isReading { return .store(isNew: false, isEarlier: true) }
        case .cached: break
        }
        let isForced = demand == .forced
        let outcome: SecretRead.Outcome
        switch cache.find(item, now) {
        case .record(let record, let fault):
            let fault = isForced ? cache.fault(item, now) : fault
            outcome = .success(SecretRead(record: record, tier: .memory, fault: fault))
        case .absent(let fault): outcome = .failure(fault)
        case .failed(let fault): return .memory(.failure(fault), isDue: false)
        case .unknown: return .store(isNew: false, isEarlier: false)
        }
        return .memory(isForced ? outcome.asEarlierRead() : outcome, isDue: cache.isDue(item, now))
    }

    /// Waits for the read of an item, and starts it if there is none.
    ///
    /// - Parameters:
    ///   - isNew: whether the read has to start now.
    ///   - mayRepeat: whether a caller that joined late may wait for one more read (``LateJoin``).
    private func join(
        _ item: SecretQuery, isNew: Bool, for requester: Requester?, deadline: MonotonicTime,
        mayRepeat: Bool,
        completion: @escaping @Sendable (SecretRead.Outcome) -> Void
    ) {
        let isLate = mayRepeat && reads.waiters(on: item) != nil
        let late = LateJoin(
            since: time.now().monotonic, deadline: deadline, attempt: configuration.upstreamTimeout)
        let joined = reads.join(item, isNew: isNew, for: requester, deadline: deadline) {
            await self.fetch(item, for: requester, $0)
        } waiter: { result in
            let outcome = self.outcome(of: result, item)
            if isLate, case .failure(let fault) = outcome, late.callsAgain(after: fault, now: self.time.now().monotonic)
            {
                self.join(
                    item, isNew: false, for: requester, deadline: deadline, mayRepeat: false,
                    completion: completion)
            } else {
                completion(outcome)
            }
        }
        guard joined else { return }
        telemetry.metrics.flightJoined(.secret)
        // The read may wait among those of another caller.
        item.store.flatMap { readTurns[$0] }?.join(item, by: requester)
    }

    /// The outcome of a read for one caller. After a failure it is what memory still has.
    private func outcome(of result: Result<SecretRecord, UpstreamFault>, _ item: SecretQuery) -> SecretRead.Outcome {
        switch result {
        case .success(let record):
            return .success(SecretRead(record: record, tier: (item.store ?? .parameterStore).tier))
        case .failure(let fault) where fault.reason == .notFound: return .failure(fault)
        case .failure(let fault):
            let now = time.now()
            switch state.withLock({ $0.cache.fallback(item, fault, now) }) {
            case .record(let record, let fault):
                return .success(SecretRead(record: record, tier: .memory, fault: fault))
            case .absent(let absence): return .failure(absence)
            case .failed, .unknown: return .failure(fault)
            }
        }
    }

    /// Reads an item from its store when its turn has come.
    ///
    /// - Parameter requester: the caller whose turn it takes; nil for Latchkey itself.
    private func fetch(
        _ item: SecretQuery, for requester: Requester?, _ deadline: MonotonicTime
    ) async -> Result<SecretRecord, UpstreamFault> {
        guard let source = sources.first(where: { $0.store == item.store }) else {
            return .failure(UpstreamFault(.notReady, code: .storeNotInUse))
        }
        guard let turns = readTurns[source.store] else {
            return await fetch(item, from: source, deadline)
        }
        // Later it could not wait for one whole request.
        let latest = deadline + (.zero - configuration.upstreamTimeout)
        switch await turns.enter(item, cost: item.readCost, for: requester, latest: latest) {
        case .begins(let id):
            defer { turns.leave(id) }
            return await fetch(item, from: source, deadline)
        case .late where source.store == .parameterStore: return .failure(.tooManyCalls)
        case .late, .refused: return .failure(.tooManyReads)
        }
    }

    /// Reads an item from its store and caches the result.
    private func fetch(
        _ item: SecretQuery, from source: SecretSource, _ deadline: MonotonicTime
    ) async -> Result<SecretRecord, UpstreamFault> {
        let started = time.now()
        let read = state.withLock { $0.cache.beginRead() }
        let name = source.name(of: item.key)
        let tier = source.store.tier
        do throws(UpstreamFault) {
            // The source limits each request. The rate limiter and a listing with many requests have the callers' time.
            let fetched = try await source.fetch(item, name, deadline)
            let record: SecretRecord
            do throws(UpstreamFault) {
                record = try self.record(of: fetched, item, from: source)
            } catch {
                return .failure(invalid(item, error, tier, since: started, read: read))
            }
            telemetry.succeeded(.secret, tier, .hit, since: started)
            if item.isCurrentBlob { telemetry.gaveValidBlob(tier) }
            state.withLock { $0.cache.store(record, for: item, read: read) }
            compare(item, fetched, name)
            return .success(record)
        } catch {
            let revocations = state.withLock { $0.cache.revocations }
            let fault = failed(item, error, source, since: started, read: read)
            // More waits than necessary do no harm.
            let (isRevocation, action) = state.withLock { ($0.cache.revocations != revocations, $0.onRevocation) }
            if isRevocation { await action?() }
            return .failure(fault)
        }
    }

    /// Records a failed read, or the answer that the item does not exist.
    private func failed(
        _ item: SecretQuery, _ error: UpstreamFault, _ source: SecretSource, since started: Now, read: UInt64
    ) -> UpstreamFault {
        let (tier, now, jitter) = (source.store.tier, time.now(), time.jitter())
        var fault = error
        guard error.reason == .notFound else {
            // If something is missing that is needed for the request, that is the subject.
            fault.subject = fault.subject ?? source.name(of: item.key)
            let isFirst = state.withLock { $0.cache.failed(item, fault, now, read: read) }
            if StaleWhileError.isAllowed(after: fault) || item.isCurrentBlob {
                telemetry.failed(.secret, tier, fault, since: started)
            } else {
                telemetry.refused(.secret, tier, fault, isFirst: isFirst, since: started)
            }
            return fault
        }
        fault.subject = source.name(of: item.key)
        telemetry.succeeded(.secret, tier, .miss, since: started)
        if item.isCurrentBlob { telemetry.gaveValidBlob(tier) }
        let absence = SecretAbsence(
            item, fault, now, freshFor: configuration.ttls(of: source.store).negative, staleFor: configuration.staleTTL,
            jitter: jitter)
        state.withLock { $0.cache.store(absence, for: item, read: read) }
        return fault
    }

    /// Records a blob that is not a JSON object. Its store is healthy, and the last valid blob is served as if it were
    /// not.
    private func invalid(
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

    /// Compares a value of Secrets Manager with Parameter Store if the backend is `shadow`.
    private func compare(_ item: SecretQuery, _ fetched: FetchedSecret, _ name: String) {
        guard backend == .shadow, item.store == .secretsManager, item.shape == .value, !item.isVersioned else { return }
        shadow.compare(item.key, fetched.value, name)
    }

    /// Creates the record of a fetched item.
    ///
    /// If version and value are those in memory, the entries are reused: the blob is parsed once per version, and what
    /// endpoints rendered stays valid.
    private func record(
        of fetched: FetchedSecret, _ item: SecretQuery, from source: SecretSource
    ) throws(UpstreamFault) -> SecretRecord {
        try makeRecord(
            of: fetched, item, from: source,
            SecretRecord.Times(
                received: time.now(), freshFor: configuration.ttls(of: source.store).fresh,
                staleFor: configuration.staleTTL, jitter: time.jitter()))
    }

    /// Creates the record of an item that was fetched at another time, or now.
    func makeRecord(
        of fetched: FetchedSecret, _ item: SecretQuery, from source: SecretSource, _ times: SecretRecord.Times
    ) throws(UpstreamFault) -> SecretRecord {
        let last = state.withLock { $0.cache.latest(item) }
        func record(_ whole: SecretEntry, _ fields: [ExactText: SecretRecord.Field]) -> SecretRecord {
            SecretRecord(whole: whole, fields: fields, times)
        }
        if let last, last.whole.version == fetched.version, last.whole.value == fetched.value,
            last.whole.attributes == fetched.attributes
        {
            return record(last.whole, last.fields)
        }
        func entry(_ key: String, _ value: Secret, isBinary: Bool = false) -> SecretEntry {
            SecretEntry(
                key: key, value: value, isBinary: isBinary, version: fetched.version, source: source.store.tier,
                attributes: fetched.attributes, tagKey: tagKey, parsing: parsing, rendering: rendering)
        }
        let whole = entry(item.key.name, fetched.value, isBinary: fetched.isBinary)
        guard item.key == .blob, item.shape == .value else { return record(whole, [:]) }
        let fields = try BlobFields(fetched, source.store.tier, subject: source.name(of: item.key))
        return record(whole, fields.map { entry($0, $1) })
    }
}
