internal import LatchkeyCore

/// The items in memory, those known not to exist and the pauses after failures; each bounded. Pure.
struct SecretTable {
    /// Nothing of that name, in its store's words, and until when that is believed: while its store answers, and while
    /// it fails.
    private struct Absence {
        let fault: UpstreamFault
        /// From when a caller's reading has it looked for anew behind its back.
        let aheadFrom: MonotonicTime
        let freshUntil: MonotonicTime
        var staleUntil: MonotonicTime
    }

    private var records: LeastRecentlyUsed<SecretQuery, SecretRecord>
    private var absences: LeastRecentlyUsed<SecretQuery, Absence>
    private var holds: LeastRecentlyUsed<SecretQuery, Backoff>
    private var forced: LeastRecentlyUsed<SecretQuery, MonotonicTime>
    /// The number of the last read whose answer was taken, for each item.
    private var applied: LeastRecentlyUsed<SecretQuery, UInt64>
    /// Reads are numbered in the order in which they begin: the last one, and the last one before memory was cleared.
    private var lastRead: UInt64 = 0
    private var clearedRead: UInt64 = 0
    /// When each store answered again after it had failed, the last time.
    private var recoveries: [SecretStore: MonotonicTime] = [:]
    /// Counts what may change what ``usableUntil(of:)`` says, and what it said last.
    private var changes = 0
    private var lastUsable: (store: SecretStore, changes: Int, until: MonotonicTime?)?

    init(maximumEntries: Int, maximumBytes: Int, maximumAbsences: Int) {
        records = LeastRecentlyUsed(maximumCount: maximumEntries, maximumCost: maximumBytes)
        absences = LeastRecentlyUsed(maximumCount: maximumAbsences)
        holds = LeastRecentlyUsed(maximumCount: maximumAbsences)
        forced = LeastRecentlyUsed(maximumCount: maximumAbsences)
        applied = LeastRecentlyUsed(maximumCount: maximumAbsences)
    }

    var count: Int { records.count }
    var bytes: Int { records.cost }
    var absenceCount: Int { absences.count }

    /// What memory says of an item.
    enum Found {
        /// To be served; with the failure that keeps it from being fresh, if it is not.
        case record(SecretRecord, UpstreamFault?)
        case absent(UpstreamFault)
        case held(UpstreamFault)
        case unknown
    }

    /// Past its time an item is served for as long as the last attempt to renew it has failed, the pause after it or no:
    /// the next attempt is made behind the callers' backs (``isDue(_:_:)``), so that a slow store makes nobody wait twice.
    mutating func find(_ item: SecretQuery, _ now: Now) -> Found {
        let hold = hold(item)
        let fault = hold?.fault(at: now.monotonic)
        let excuse = hold?.fault.leavesStale == true ? fault ?? hold?.fault : nil
        if let record = records.value(for: item) {
            if record.isFresh(now) { return .record(record, nil) }
            if let excuse, now.monotonic < record.staleUntil { return .record(record, excuse) }
        }
        if let absence = absences.value(for: item) {
            if now.monotonic < absence.freshUntil { return .absent(absence.fault) }
            if excuse != nil, now.monotonic < absence.staleUntil { return .absent(absence.fault) }
        }
        return fault.map { .held($0) } ?? .unknown
    }

    /// What may be said of an item after a failed fetch: its record or its absence, fresh or stale within bounds.
    mutating func fallback(_ item: SecretQuery, _ fault: UpstreamFault, _ now: Now) -> Found {
        if let record = records.value(for: item), record.isFresh(now) || fault.leavesStale,
            now.monotonic < record.staleUntil
        {
            return .record(record, fault)
        }
        if let absence = absences.value(for: item), now.monotonic < absence.freshUntil || fault.leavesStale,
            now.monotonic < absence.staleUntil
        {
            return .absent(absence.fault)
        }
        return .held(fault)
    }

    /// What is held of an item, however old.
    func latest(_ item: SecretQuery) -> SecretRecord? { records[peek: item] }

    /// Notes that a caller is given a record.
    mutating func use(_ record: SecretRecord) { if record.use() { changes += 1 } }

    /// Until when any value that callers have been given may be served by the native routes though its store fails; nil
    /// where there is none. A parameter is served for as long as it is known whether the blob has a field of its name.
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

    /// Items of a store in memory, the most recently used first, versions left out.
    func items(of store: SecretStore) -> [SecretQuery] {
        records.keysByUse.filter { $0.store == store && !$0.isVersioned }
    }

    /// Whether an item that was found is to be fetched anew in the background: it is near its end or past it, and no
    /// pause lasts.
    func isDue(_ item: SecretQuery, _ now: Now) -> Bool {
        guard fault(item, now) == nil else { return false }
        if let record = records[peek: item] { return now.monotonic >= record.aheadFrom }
        return absences[peek: item].map { now.monotonic >= $0.aheadFrom } ?? false
    }

    /// Whether a forced fetch may go ahead: at most one in 2 s an item.
    mutating func mayForce(_ item: SecretQuery, _ now: Now) -> Bool {
        if let last = forced[peek: item], now.monotonic < last + Backoff.betweenForced { return false }
        forced.insert(now.monotonic, for: item)
        return true
    }

    /// The failure of the last attempt, while its pause lasts.
    func fault(_ item: SecretQuery, _ now: Now) -> UpstreamFault? { hold(item)?.fault(at: now.monotonic) }

    /// The pause after the last attempt. Where the store could not answer, it is over once the store answers again.
    private func hold(_ item: SecretQuery) -> Backoff? {
        guard var hold = holds[peek: item] else { return nil }
        if hold.fault.isOutage { hold.end(because: item.store.flatMap { recoveries[$0] }) }
        return hold
    }

    /// A store that failed answers again.
    mutating func recovered(_ store: SecretStore, _ now: Now) { recoveries[store] = now.monotonic }

    // MARK: What reads bring

    /// A read begins. Its number goes with what it brings.
    mutating func beginRead() -> UInt64 {
        lastRead += 1
        return lastRead
    }

    /// Whether what a read brings may be kept: not where a read that began later was quicker, so that memory never goes
    /// back to an older value, and not where memory was cleared since.
    private mutating func apply(_ read: UInt64, to item: SecretQuery) -> Bool {
        guard read > clearedRead, read > applied[peek: item] ?? 0 else { return false }
        applied.insert(read, for: item)
        return true
    }

    mutating func store(_ record: SecretRecord, for item: SecretQuery, read: UInt64) {
        guard apply(read, to: item) else { return }
        changes += 1
        if records[peek: item]?.isUsed == true { _ = record.use() }
        records.insert(record, for: item, cost: record.cost)
        absences.remove(item)
        holds.remove(item)
    }

    /// The blob's absence outlives its TTL while the store fails, as values do: else an outage would take every
    /// parameter of an application that has no blob. Any other name's does not, for "not found" might not be true.
    mutating func storeAbsence(
        of item: SecretQuery, _ fault: UpstreamFault, _ now: Now, freshFor: Duration, staleFor: Duration,
        chance: Double, read: UInt64
    ) {
        guard apply(read, to: item) else { return }
        changes += 1
        records.remove(item)
        holds.remove(item)
        let freshUntil = now.monotonic + freshFor
        let absence = Absence(
            fault: fault, aheadFrom: now.monotonic + freshFor * SecretRecord.untilAhead(chance: chance),
            freshUntil: freshUntil, staleUntil: item.key == .blob ? freshUntil + staleFor : freshUntil)
        absences.insert(absence, for: item)
    }

    /// Notes a failure. A store that refuses has answered; from one that cannot answer nothing is known, so an earlier
    /// read may still be. After a refusal nothing is served past its time, whatever fails next: access may have been taken
    /// away.
    ///
    /// - Returns: whether it is the first in a row.
    @discardableResult
    mutating func failed(_ item: SecretQuery, _ fault: UpstreamFault, _ now: Now, read: UInt64) -> Bool {
        if fault.leavesStale {
            guard read > clearedRead, read > applied[peek: item] ?? 0 else { return false }
        } else {
            guard apply(read, to: item) else { return false }
            endWithTTL(item, now)
        }
        let last = hold(item)
        if fault.reason == .throttled, let wait = fault.retryAfter {
            let until = now.monotonic + min(wait, Backoff.whileServing)
            holds.insert(Backoff(fault, since: now.monotonic, until: until), for: item)
        } else {
            holds.insert(Backoff(after: last, fault, now: now.monotonic, cap: Backoff.whileEmpty), for: item)
        }
        return last == nil
    }

    /// Takes from an item what it would have had past its TTL; one that is past it goes. What is within it stays: a
    /// refresh that fails leaves the cache alone.
    private mutating func endWithTTL(_ item: SecretQuery, _ now: Now) {
        changes += 1
        if let record = records[peek: item] {
            if record.isFresh(now) {
                records.insert(record.withoutStale, for: item, cost: record.cost)
            } else {
                records.remove(item)
            }
        }
        if var absence = absences[peek: item] {
            absence.staleUntil = absence.freshUntil
            absences.insert(absence, for: item)
        }
    }

    /// Forgets everything. What reads bring that have begun before is not kept.
    mutating func clear() {
        changes += 1
        clearedRead = lastRead
        records.removeAll()
        absences.removeAll()
        holds.removeAll()
        forced.removeAll()
    }
}

extension UpstreamFault {
    /// Whether the upstream could not be asked or did not answer.
    var isOutage: Bool { reason == .unavailable || reason == .timedOut || reason == .notReady }

    /// Whether what memory still has may be served past its time: the store cannot answer, or not with sense. A store
    /// that refuses or denies it has answered.
    var leavesStale: Bool {
        switch reason {
        case .throttled, .budgetSpent, .unavailable, .timedOut, .invalid, .overloaded, .notReady: true
        case .notFound, .denied, .refused: false
        }
    }
}
