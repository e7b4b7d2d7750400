internal import LatchkeyCore

/// The secrets in memory, the names known not to exist and the pauses after failures; each bounded. Pure.
struct SecretTable {
    /// Nothing of that name, and until when that is believed: while its store answers, and while it fails.
    private struct Absence {
        let freshUntil: MonotonicTime
        let staleUntil: MonotonicTime
    }

    private var records: LeastRecentlyUsed<SecretQuery, SecretRecord>
    private var absences: LeastRecentlyUsed<SecretQuery, Absence>
    private var holds: LeastRecentlyUsed<SecretQuery, Hold>
    private var forced: LeastRecentlyUsed<SecretQuery, MonotonicTime>

    init(maximumEntries: Int, maximumBytes: Int, maximumAbsences: Int) {
        records = LeastRecentlyUsed(maximumCount: maximumEntries, maximumCost: maximumBytes)
        absences = LeastRecentlyUsed(maximumCount: maximumAbsences)
        holds = LeastRecentlyUsed(maximumCount: maximumAbsences)
        forced = LeastRecentlyUsed(maximumCount: maximumAbsences)
    }

    var count: Int { records.count }
    var bytes: Int { records.cost }
    var absenceCount: Int { absences.count }
    /// The names in memory, as callers write them, versions left out.
    var names: Set<String> { Set(records.keys.lazy.filter { !$0.isVersioned }.map(\.key.name)) }

    /// What memory says of an item.
    enum Found {
        /// To be served; with the failure that keeps it from being fresh, if it is not.
        case record(SecretRecord, UpstreamFault?)
        case absent
        case held(UpstreamFault)
        case unknown
    }

    mutating func find(_ item: SecretQuery, _ now: Now) -> Found {
        let fault = holds[peek: item]?.fault(at: now.monotonic)
        if let record = records.value(for: item) {
            if record.isFresh(now) { return .record(record, nil) }
            if let fault, now.monotonic < record.staleUntil { return .record(record, fault) }
        }
        if let absence = absences.value(for: item) {
            if now.monotonic < absence.freshUntil { return .absent }
            if fault != nil, now.monotonic < absence.staleUntil { return .absent }
        }
        return fault.map { .held($0) } ?? .unknown
    }

    /// What may be said of an item after a failed fetch: its record or its absence, fresh or stale within bounds.
    mutating func fallback(_ item: SecretQuery, _ fault: UpstreamFault, _ now: Now) -> Found {
        if let record = records.value(for: item), now.monotonic < record.staleUntil { return .record(record, fault) }
        if let absence = absences.value(for: item), now.monotonic < absence.staleUntil { return .absent }
        return .held(fault)
    }

    /// Whether a forced fetch may go ahead: at most one in 2 s an item.
    mutating func mayForce(_ item: SecretQuery, _ now: Now) -> Bool {
        if let last = forced[peek: item], now.monotonic < last + Hold.betweenForced { return false }
        forced.insert(now.monotonic, for: item)
        return true
    }

    /// The failure of the last attempt, while its pause lasts.
    func fault(_ item: SecretQuery, _ now: Now) -> UpstreamFault? { holds[peek: item]?.fault(at: now.monotonic) }

    mutating func store(_ record: SecretRecord, for item: SecretQuery) {
        records.insert(record, for: item, cost: record.cost)
        absences.remove(item)
        holds.remove(item)
    }

    /// The blob's absence outlives its TTL while the store fails, as values do: else an outage would take every
    /// parameter of an application that has no blob. Any other name's does not, for "not found" might not be true.
    mutating func storeAbsence(of item: SecretQuery, until: MonotonicTime, staleTTL: Duration) {
        records.remove(item)
        holds.remove(item)
        let staleUntil = item.key == .blob ? until + staleTTL : until
        absences.insert(Absence(freshUntil: until, staleUntil: staleUntil), for: item)
    }

    /// Notes a failure. A refusal ends the life of what is no longer fresh: access may have been taken away.
    mutating func failed(_ item: SecretQuery, _ fault: UpstreamFault, _ now: Now) {
        if fault.reason == .denied, let record = records[peek: item], !record.isFresh(now) { records.remove(item) }
        let hold: Hold
        if fault.reason == .throttled, let wait = fault.retryAfter {
            hold = Hold(fault, until: now.monotonic + min(wait, Hold.whileServing))
        } else {
            hold = Hold(after: holds[peek: item], fault, now: now.monotonic, cap: Hold.whileEmpty)
        }
        holds.insert(hold, for: item)
    }

    mutating func clear() {
        records.removeAll()
        absences.removeAll()
        holds.removeAll()
        forced.removeAll()
    }
}
