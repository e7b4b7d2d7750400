internal import LatchkeyCore

/// The items in memory, the known absences, and the backoffs after failures; each limited in number. Pure.
struct SecretCache {
    private var records: LeastRecentlyUsed<SecretQuery, SecretRecord>
    private var absences: LeastRecentlyUsed<SecretQuery, SecretAbsence>
    private var backoffs: LeastRecentlyUsed<SecretQuery, FailureBackoff>
    /// When a caller last forced a read of each item.
    private var forced: LeastRecentlyUsed<SecretQuery, MonotonicTime>
    /// The number of the last read whose result was applied, for each item.
    private var applied: LeastRecentlyUsed<SecretQuery, UInt64>
    /// Reads are numbered in the order in which they start. The number of the last one, and of the last one before
    /// memory was cleared.
    private var lastRead: UInt64 = 0
    private var clearedRead: UInt64 = 0
    /// When each store last recovered from a failure.
    private var recoveries: [SecretStore: MonotonicTime] = [:]
    /// Counts the reads that have taken something away that was served: a refusal, or the answer that it does not exist.
    private(set) var revocations = 0
    /// The stores that have answered a read.
    private var answering: Set<SecretStore> = []
    /// The items of the warm file that no read has replaced, of stores that have not answered.
    private var warm: [SecretStore: Set<SecretQuery>] = [:]
    /// Counts the changes that may affect ``usableUntil(of:)``, and caches its last result.
    private var changes = 0
    private var lastUsable: (store: SecretStore, changes: Int, until: MonotonicTime?)?
    /// What lookups of current secrets have found. Everything that a lookup reads drops it with each change.
    var hits = SecretHits()

    init(maxEntries: Int, maxBytes: Int, maxAbsences: Int) {
        records = LeastRecentlyUsed(maxCount: maxEntries, maxCost: maxBytes)
        absences = LeastRecentlyUsed(maxCount: maxAbsences)
        backoffs = LeastRecentlyUsed(maxCount: maxAbsences)
        forced = LeastRecentlyUsed(maxCount: maxAbsences)
        applied = LeastRecentlyUsed(maxCount: maxAbsences)
    }

    var count: Int { records.count }
    var bytes: Int { records.cost }
    var absenceCount: Int { absences.count }

    // MARK: Looking up

    /// What memory has for an item.
    enum Found {
        /// Served; with the fault that keeps it from being fresh, if it is not.
        case record(SecretRecord, UpstreamFault?)
        case absent(UpstreamFault)
        /// Nothing, and the backoff after the last failure has not ended.
        case failed(UpstreamFault)
        /// Nothing: the store has to be read.
        case unknown
    }

    /// Looks up an item. An expired item is served while its last read failed, even after the backoff has ended
    /// (``StaleWhileError``).
    mutating func find(_ item: SecretQuery, _ now: Now) -> Found {
        let backoff = backoff(item)
        let fault = backoff?.fault(at: now.monotonic)
        switch served(item, after: fault ?? backoff?.fault, now) {
        case .record(let record, _) where record.isFresh(now): return .record(record, nil)
        case let found?: return found
        case nil: return fault.map { .failed($0) } ?? .unknown
        }
    }

    /// What callers get after a failed read: the record or the absence in memory, else the fault.
    mutating func fallback(_ item: SecretQuery, _ fault: UpstreamFault, _ now: Now) -> Found {
        served(item, after: fault, now) ?? .failed(fault)
    }

    private mutating func served(_ item: SecretQuery, after fault: UpstreamFault?, _ now: Now) -> Found? {
        if let record = records.value(for: item),
            StaleWhileError.serves(freshUntil: record.freshUntil, staleUntil: record.staleUntil, after: fault, now)
        {
            return .record(record, fault)
        }
        if let absence = absences.value(for: item),
            StaleWhileError.serves(freshUntil: absence.freshUntil, staleUntil: absence.staleUntil, after: fault, now)
        {
            return .absent(absence.fault)
        }
        return nil
    }

    /// The record of an item, however old.
    func latest(_ item: SecretQuery) -> SecretRecord? { records[peek: item] }

    /// Records that a caller is given a record.
    mutating func use(_ record: SecretRecord) { if record.use() { changes += 1 } }

    /// Until when any value that callers have been given can be served by the native routes while the store fails; nil
    /// if there is none.
    ///
    /// A parameter can be served as long as memory knows whether the blob has a field of that name.
    mutating func usableUntil(of store: SecretStore) -> MonotonicTime? {
        if let lastUsable, lastUsable.store == store, lastUsable.changes == changes { return lastUsable.until }
        let blob = SecretQuery(.blob, store: store)
        let blobKnown = [records[peek: blob]?.staleUntil, absences[peek: blob]?.staleUntil].compactMap { $0 }.max()
        var until: MonotonicTime?
        for item in records.keysByUse where item.store == store {
            guard let record = records[peek: item], record.isUsed else { continue }
            let end = min(record.staleUntil, blobKnown ?? record.staleUntil)
            until = max(end, until ?? end)
        }
        lastUsable = (store, changes, until)
        return until
    }

    /// The age of the oldest value that is served past its TTL because its store fails; nil if there is none.
    func oldestStaleAge(_ now: Now) -> Duration? {
        backoffs.keysByUse.compactMap { item in
            guard let record = records[peek: item], !record.isFresh(now),
                StaleWhileError.serves(
                    freshUntil: record.freshUntil, staleUntil: record.staleUntil, after: backoffs[peek: item]?.fault,
                    now)
            else { return nil }
            return now.monotonic - record.received.monotonic
        }.max()
    }

    /// The current items of a store in memory, most recently used first.
    func items(of store: SecretStore) -> [SecretQuery] {
        records.keysByUse.filter { $0.store == store && !$0.isVersioned }
    }

    /// Whether an item that was found has to be read again in the background: it is near or beyond its TTL, and no
    /// backoff is in progress.
    func isDue(_ item: SecretQuery, _ now: Now) -> Bool {
        guard fault(item, now) == nil else { return false }
        if let record = records[peek: item] { return now.monotonic >= record.aheadFrom }
        return absences[peek: item].map { now.monotonic >= $0.aheadFrom } ?? false
    }

    /// Whether a caller may force a read of the item: once in ``FailureBackoff/betweenForced``.
    mutating func mayForce(_ item: SecretQuery, _ now: Now) -> Bool {
        if let last = forced[peek: item], now.monotonic < last + FailureBackoff.betweenForced { return false }
        forced.insert(now.monotonic, for: item)
        return true
    }

    /// The fault of the last read, during its backoff.
    func fault(_ item: SecretQuery, _ now: Now) -> UpstreamFault? { backoff(item)?.fault(at: now.monotonic) }

    /// The backoff after the last read. After an outage it ends as soon as the store answers again.
    private func backoff(_ item: SecretQuery) -> FailureBackoff? {
        guard var backoff = backoffs[peek: item] else { return nil }
        if backoff.fault.isOutage { backoff.end(because: item.store.flatMap { recoveries[$0] }) }
        return backoff
    }

    /// Whether the last read of the item has failed.
    func hasFailed(_ item: SecretQuery) -> Bool { backoffs[peek: item] != nil }

    /// Records that a failing store answers again.
    mutating func recovered(_ store: SecretStore, _ now: Now) { recoveries[store] = now.monotonic }

    // MARK: Results of reads

    /// Returns the number of a read that starts now.
    mutating func beginRead() -> UInt64 {
        lastRead += 1
        return lastRead
    }

    /// Whether the result of a read is kept: no later read was quicker, so that memory never returns to an older value,
    /// and memory was not cleared since the read started.
    private mutating func apply(_ read: UInt64, to item: SecretQuery) -> Bool {
        guard read > clearedRead, read > applied[peek: item] ?? 0 else { return false }
        applied.insert(read, for: item)
        answered(item)
        return true
    }

    /// A store that answers is asked from now on, before an item of the warm file is served.
    private mutating func answered(_ item: SecretQuery) {
        guard let store = item.store, answering.insert(store).inserted, let left = warm.removeValue(forKey: store)
        else {
            return
        }
        for item in left where backoffs[peek: item]?.failures == 0 { backoffs.remove(item) }
    }

    /// Inserts a record. If others have to make room for it, nothing may keep them.
    private mutating func insert(_ record: SecretRecord, for item: SecretQuery) {
        let expected = records.count + (records[peek: item] == nil ? 1 : 0)
        records.insert(record, for: item, cost: record.cost)
        if records.count < expected { hits.removeAll() }
    }

    mutating func store(_ record: SecretRecord, for item: SecretQuery, read: UInt64) {
        guard apply(read, to: item) else { return }
        changes += 1
        dropHits(of: item)
        if records[peek: item]?.isUsed == true { _ = record.use() }
        insert(record, for: item)
        absences.remove(item)
        backoffs.remove(item)
    }

    mutating func store(_ absence: SecretAbsence, for item: SecretQuery, read: UInt64) {
        guard apply(read, to: item) else { return }
        changes += 1
        dropHits(of: item)
        if records[peek: item] != nil { revocations += 1 }
        records.remove(item)
        backoffs.remove(item)
        absences.insert(absence, for: item)
    }

    /// Records a failed read.
    ///
    /// A refusal is an answer, so it supersedes earlier reads and ends what is beyond its TTL. After an outage the
    /// result of an earlier read may still be applied.
    ///
    /// - Returns: whether it is the first failure in a row.
    @discardableResult
    mutating func failed(_ item: SecretQuery, _ fault: UpstreamFault, _ now: Now, read: UInt64) -> Bool {
        if StaleWhileError.isAllowed(after: fault) {
            guard read > clearedRead, read > applied[peek: item] ?? 0 else { return false }
        } else {
            guard apply(read, to: item) else { return false }
            endStale(item, now)
        }
        dropHits(of: item)
        let last = backoff(item)
        if fault.reason == .throttled, let wait = fault.retryAfter {
            let until = now.monotonic + min(wait, FailureBackoff.whileServing)
            backoffs.insert(FailureBackoff(fault, since: now.monotonic, until: until), for: item)
        } else {
            backoffs.insert(
                FailureBackoff(after: last, fault, now: now.monotonic, cap: FailureBackoff.whileEmpty), for: item)
        }
        return last.map { $0.failures == 0 } ?? true
    }

    /// Removes an item beyond its TTL. A fresh one stays until its TTL, since a failed refresh leaves the cache alone.
    private mutating func endStale(_ item: SecretQuery, _ now: Now) {
        changes += 1
        if records[peek: item] != nil || absences[peek: item] != nil { revocations += 1 }
        if let record = records[peek: item] {
            if record.isFresh(now) {
                insert(record.withoutStale, for: item)
            } else {
                records.remove(item)
            }
        }
        if var absence = absences[peek: item] {
            absence.staleUntil = absence.freshUntil
            absences.insert(absence, for: item)
        }
    }

    // MARK: The warm file

    /// Grows with every change of what the warm file should hold.
    var warmVersion: Int { changes }

    /// The known absence of an item, however old.
    func absence(_ item: SecretQuery) -> SecretAbsence? { absences[peek: item] }

    /// Takes a record of the warm file. Unless its store has answered, it gets a failure of the store without a pause: so it
    /// is served as stale, and read again at its next use.
    ///
    /// - Returns: false if the store has returned or refused the item meanwhile.
    mutating func restore(_ record: SecretRecord, for item: SecretQuery, _ fault: UpstreamFault, _ now: Now) -> Bool {
        guard mayRestore(item, fault, now) else { return false }
        insert(record, for: item)
        return true
    }

    /// Takes a known absence of the warm file, likewise.
    mutating func restore(_ absence: SecretAbsence, for item: SecretQuery, _ fault: UpstreamFault, _ now: Now) {
        if mayRestore(item, fault, now) { absences.insert(absence, for: item) }
    }

    private mutating func mayRestore(_ item: SecretQuery, _ fault: UpstreamFault, _ now: Now) -> Bool {
        guard records[peek: item] == nil, absences[peek: item] == nil else { return false }
        if let last = backoffs[peek: item] { return StaleWhileError.isAllowed(after: last.fault) }
        changes += 1
        dropHits(of: item)
        if let store = item.store, !answering.contains(store) {
            warm[store, default: []].insert(item)
            backoffs.insert(FailureBackoff(fault, failures: 0, since: now.monotonic, until: now.monotonic), for: item)
        }
        return true
    }

    /// Removes everything. The results of reads in progress are not kept.
    mutating func clear() {
        changes += 1
        hits.removeAll()
        clearedRead = lastRead
        records.removeAll()
        absences.removeAll()
        backoffs.removeAll()
        forced.removeAll()
        warm.removeAll()
    }
}
