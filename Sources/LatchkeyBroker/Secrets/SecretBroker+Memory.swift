internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Synchronization

// What memory has: a look that waits for nothing.

extension SecretBroker {
    /// What a look into memory found, and the items that are to be fetched anew because of it.
    struct Looked {
        var hit: Hit?
        var due: [SecretQuery] = []

        /// The same without an absence, so that the caller asks the store.
        func without(absence isLeftOut: Bool) -> Looked {
            guard isLeftOut, case .absent = hit else { return self }
            return Looked(hit: nil, due: due)
        }
    }

    func cached(_ now: Now, _ look: (inout State) -> Looked) -> Hit? {
        let looked = state.withLock { look(&$0) }
        switch looked.hit {
        case .found(_, _, let isStale):
            probe.metrics.tierRequest(.secret, .memory, isStale ? .stale : .hit)
            if isStale { probe.metrics.staleServed(.secret) }
        case .absent: probe.metrics.tierRequest(.secret, .memory, .hit)
        case nil: break
        }
        fetchBehind(looked.due)
        return looked.hit
    }

    /// Fetches in the background, where it is not under way already.
    func fetchBehind(_ items: [SecretQuery]) {
        for item in items { _ = flights.start(item) { await self.fetch(item, $0) } }
    }

    static func look(_ query: PlacedQuery, _ table: inout SecretTable, _ now: Now) -> Looked {
        let (wanted, blob) = (query.item, query.currentBlob)
        guard !query.isBlob else { return item(wanted, &table, now) { .success($0.whole) } }
        let key = ExactText(wanted.key.name)
        switch table.find(blob, now) {
        case .held, .unknown: return Looked(hit: nil)
        case .record(let record, _):
            guard record.fields[key] != nil else { break }
            guard wanted.isVersioned else { return item(blob, &table, now) { $0.fields[key] } }
            return with(blob, &table, now, item(query.blob, &table, now) { $0.fields[key] })
        case .absent: break
        }
        guard wanted.key.isItemName else {
            return with(blob, &table, now, Looked(hit: .absent(UpstreamFault(.notFound))))
        }
        return with(blob, &table, now, item(wanted, &table, now) { .success($0.whole) })
    }

    /// The blob is a part of the answer, be it by its absence, and is kept up to date with it.
    private static func with(
        _ blob: SecretQuery, _ table: inout SecretTable, _ now: Now, _ looked: Looked
    ) -> Looked {
        guard looked.hit != nil, table.isDue(blob, now) else { return looked }
        return Looked(hit: looked.hit, due: looked.due + [blob])
    }

    static func item(
        _ item: SecretQuery, _ table: inout SecretTable, _ now: Now, pick: (SecretRecord) -> SecretRecord.Field?
    ) -> Looked {
        switch table.find(item, now) {
        case .record(let record, let fault):
            let hit: Hit
            switch pick(record) {
            case .success(let entry):
                table.use(record)
                hit = .found(entry, received: record.received, isStale: fault != nil)
            case .failure(let fault): hit = .absent(fault)
            case nil: hit = .absent(UpstreamFault(.notFound))
            }
            return Looked(hit: hit, due: table.isDue(item, now) ? [item] : [])
        case .absent(let fault): return Looked(hit: .absent(fault))
        case .held, .unknown: return Looked(hit: nil)
        }
    }
}
