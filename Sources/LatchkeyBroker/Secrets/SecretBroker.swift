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
        /// `LATCHKEY_STALE_TTL`: how long a value outlives its TTL while its store fails.
        package var staleTTL: Duration = .seconds(3600)
        /// `LATCHKEY_UPSTREAM_TIMEOUT`: the longest one fetch may take; a key not in the blob takes two.
        package var upstreamTimeout: Duration = .seconds(5)
        package var maximumEntries = 10_000
        package var maximumBytes = 64 << 20
        package var maximumAbsences = 10_000
        /// Callers on one flight; more are refused as `overloaded`.
        package var maximumWaiters = 10_000

        package init() {}
    }

    /// What memory has for a query.
    package enum Hit: Sendable {
        case found(SecretEntry, isStale: Bool)
        /// There is no such secret, as far as was known within the negative TTL.
        case absent
    }

    /// The answer to one caller.
    package struct Served: Sendable {
        package let entry: SecretEntry
        /// Memory for what was there already, else the store.
        package let tier: Tier
        package let isStale: Bool
        /// Why it is not as new as wished.
        package let refreshError: UpstreamFault?
    }

    private typealias Outcome = Result<Resolved, UpstreamFault>

    /// An item got from memory or from its store; no record means there is no such item.
    private struct Resolved: Sendable {
        var record: SecretRecord?
        var tier: Tier
        var fault: UpstreamFault?
    }

    private let source: SecretSource
    private let configuration: Configuration
    private let table: Mutex<SecretTable>
    private let flights: SingleFlight<SecretQuery, SecretRecord?>
    private let tagKey = Secret(Random.bytes(32))
    private let time: TimeSource
    private let probe: TierProbe

    package init(
        source: SecretSource, configuration: Configuration = Configuration(), time: TimeSource,
        sleeper: Sleeper = .system, metrics: Metrics, health: TierHealth, log: Logger
    ) {
        self.source = source
        self.configuration = configuration
        self.time = time
        probe = TierProbe(metrics: metrics, health: health, log: log, time: time)
        table = Mutex(
            SecretTable(
                maximumEntries: configuration.maximumEntries, maximumBytes: configuration.maximumBytes,
                maximumAbsences: configuration.maximumAbsences))
        flights = SingleFlight(
            maximumWaiters: configuration.maximumWaiters, longest: configuration.upstreamTimeout * 2, time: time,
            sleeper: sleeper)
    }

    /// The store in force.
    package var tier: Tier { source.tier }

    /// What memory has, without waiting; nil when a store must be asked. One lock.
    package func cached(_ query: SecretQuery, now: Now) -> Hit? {
        let hit = table.withLock { Self.look(query, &$0, now) }
        switch hit {
        case .found(_, let isStale):
            probe.metrics.tierRequest(.secret, .memory, isStale ? .stale : .hit)
            if isStale { probe.metrics.staleServed(.secret) }
        case .absent: probe.metrics.tierRequest(.secret, .memory, .hit)
        case nil: break
        }
        return hit
    }

    /// A secret by way of its store, for a caller ``cached(_:now:)`` had nothing for or who wants it anew.
    ///
    /// - Parameters:
    ///   - refresh: go past memory: one forced fetch in 2 s an item; while one fails the cache answers, with the
    ///     failure beside it.
    ///   - deadline: when the caller stops waiting (`timedOut`).
    ///   - completion: called once, on any thread, perhaps before this returns. `notFound` where there is no such secret.
    package func secret(
        _ query: SecretQuery, refresh: Bool = false, deadline: MonotonicTime,
        completion: @escaping @Sendable (Result<Served, UpstreamFault>) -> Void
    ) {
        let key = query.key.name
        guard query.key != .blob else {
            resolve(query, refresh, deadline) { completion(self.served($0, query) { $0.whole }) }
            return
        }
        resolve(SecretQuery(.blob), refresh, deadline) { outcome in
            switch outcome {
            case .failure(let fault): completion(.failure(fault))
            case .success(let blob) where blob.record?.fields[key] != nil:
                guard query.isVersioned else {
                    completion(self.served(outcome, query) { $0.fields[key] })
                    return
                }
                self.resolve(query.blob, refresh, deadline) { completion(self.served($0, query) { $0.fields[key] }) }
            case .success:
                self.resolve(query, refresh, deadline) { completion(self.served($0, query) { $0.whole }) }
            }
        }
    }

    /// ``secret(_:refresh:deadline:completion:)`` for code that awaits.
    package func secret(
        _ query: SecretQuery, refresh: Bool = false, deadline: MonotonicTime
    ) async throws(UpstreamFault) -> Served {
        try await withCheckedContinuation { continuation in
            secret(query, refresh: refresh, deadline: deadline) { continuation.resume(returning: $0) }
        }.get()
    }

    /// The names that are known: the blob's fields and what memory holds beside it, sorted.
    package func names(deadline: MonotonicTime) async throws(UpstreamFault) -> [String] {
        let outcome = await withCheckedContinuation { continuation in
            resolve(SecretQuery(.blob), false, deadline) { continuation.resume(returning: $0) }
        }
        let fields = try outcome.get().record?.fields.keys.map { String($0) } ?? []
        var names = table.withLock { $0.names }
        names.remove(SecretKey.blob.name)
        return names.union(fields).sorted()
    }

    /// Empties memory, known absences included.
    package func clear() { table.withLock { $0.clear() } }

    /// Entries, bytes and known absences in memory.
    package func size() -> (entries: Int, bytes: Int, absences: Int) {
        table.withLock { ($0.count, $0.bytes, $0.absenceCount) }
    }
}

// MARK: - Past memory

extension SecretBroker {
    private static func look(_ query: SecretQuery, _ table: inout SecretTable, _ now: Now) -> Hit? {
        func hit(_ found: SecretTable.Found, _ pick: (SecretRecord) -> SecretEntry?) -> Hit? {
            switch found {
            case .record(let record, let fault): pick(record).map { .found($0, isStale: fault != nil) } ?? .absent
            case .absent: .absent
            case .held, .unknown: nil
            }
        }
        guard query.key != .blob else { return hit(table.find(query, now)) { $0.whole } }
        let key = query.key.name
        switch table.find(SecretQuery(.blob), now) {
        case .held, .unknown: return nil
        case .record(let blob, let fault):
            guard let field = blob.fields[key] else { break }
            if !query.isVersioned { return .found(field, isStale: fault != nil) }
            return hit(table.find(query.blob, now)) { $0.fields[key] }
        case .absent: break
        }
        return hit(table.find(query, now)) { $0.whole }
    }

    /// One item from memory or through its flight.
    private func resolve(
        _ item: SecretQuery, _ refresh: Bool, _ deadline: MonotonicTime,
        _ completion: @escaping @Sendable (Outcome) -> Void
    ) {
        let now = time.now()
        let isFlying = refresh && flights.waiters(on: item) != nil
        let known: Outcome? = table.withLock { table in
            if refresh, isFlying || table.mayForce(item, now) { return nil }
            switch table.find(item, now) {
            case .record(let record, let fault):
                let fault = refresh ? table.fault(item, now) : fault
                return .success(Resolved(record: record, tier: .memory, fault: fault))
            case .absent: return .success(Resolved(record: nil, tier: .memory))
            case .held(let fault): return .failure(fault)
            case .unknown: return nil
            }
        }
        if let known {
            completion(known)
            return
        }
        probe.metrics.tierRequest(.secret, .memory, refresh ? .skipped : .miss)
        let joined = flights.join(item, deadline: deadline) {
            await self.fetch(item, $0)
        } waiter: {
            completion(self.landed($0, item))
        }
        if joined { probe.metrics.flightJoined(.secret) }
    }

    /// What a flight's outcome means for one caller: after a failure, what memory still has.
    private func landed(_ outcome: Result<SecretRecord?, UpstreamFault>, _ item: SecretQuery) -> Outcome {
        switch outcome {
        case .success(let record): return .success(Resolved(record: record, tier: source.tier))
        case .failure(let fault):
            let now = time.now()
            switch table.withLock({ $0.fallback(item, fault, now) }) {
            case .record(let record, let fault):
                return .success(Resolved(record: record, tier: .memory, fault: fault))
            case .absent: return .success(Resolved(record: nil, tier: .memory))
            case .held, .unknown: return .failure(fault)
            }
        }
    }

    private func served(
        _ outcome: Outcome, _ query: SecretQuery, pick: (SecretRecord) -> SecretEntry?
    ) -> Result<Served, UpstreamFault> {
        outcome.flatMap { resolved in
            guard let record = resolved.record, let entry = pick(record) else {
                return .failure(
                    UpstreamFault(.notFound, upstream: source.tier.upstream, subject: source.name(of: query.key)))
            }
            let isStale = !record.isFresh(time.now())
            if isStale { probe.metrics.staleServed(.secret) }
            return .success(
                Served(entry: entry, tier: resolved.tier, isStale: isStale, refreshError: resolved.fault))
        }
    }

    /// The work of one flight: the fetch, and keeping what it brought. Nil: there is no such item.
    private func fetch(_ item: SecretQuery, _ deadline: MonotonicTime) async -> Result<SecretRecord?, UpstreamFault> {
        let started = time.now()
        let name = source.name(of: item.key)
        do throws(UpstreamFault) {
            let end = min(deadline, started.monotonic + configuration.upstreamTimeout)
            let fetched = try await source.fetch(name, item.version, item.label, end)
            let record = try record(of: fetched, item)
            probe.succeeded(.secret, source.tier, .hit, since: started)
            table.withLock { $0.store(record, for: item) }
            return .success(record)
        } catch  where error.reason == .notFound {
            probe.succeeded(.secret, source.tier, .miss, since: started)
            let until = time.now().monotonic + configuration.negativeTTL
            table.withLock { $0.storeAbsence(of: item, until: until, staleTTL: configuration.staleTTL) }
            return .success(nil)
        } catch {
            var fault = error
            fault.subject = name
            probe.failed(.secret, source.tier, fault, since: started)
            let now = time.now()
            table.withLock { $0.failed(item, fault, now) }
            return .failure(fault)
        }
    }

    private func record(of fetched: FetchedSecret, _ item: SecretQuery) throws(UpstreamFault) -> SecretRecord {
        let now = time.now()
        func entry(_ key: String, _ value: Secret, isBinary: Bool = false) -> SecretEntry {
            SecretEntry(
                key: key, value: value, isBinary: isBinary, version: fetched.version, source: source.tier,
                received: now, tagKey: tagKey)
        }
        var fields: [String: SecretEntry] = [:]
        if item.key == .blob {
            guard !fetched.isBinary, let object = (try? JSON(parsing: fetched.value.reveal()))?.object else {
                throw UpstreamFault(.invalid, upstream: source.tier.upstream, code: "secrets_not_a_json_object")
            }
            for (key, value) in object { fields[key] = entry(key, SecretEntry.text(value)) }
        }
        let freshUntil = now.monotonic + configuration.freshTTL
        return SecretRecord(
            whole: entry(item.key.name, fetched.value, isBinary: fetched.isBinary), fields: fields,
            freshUntil: freshUntil, staleUntil: freshUntil + configuration.staleTTL)
    }
}
