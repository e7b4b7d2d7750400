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
            telemetry.metrics.tierRequest(.secret, .memory, isStale ? .stale : .hit)
            if isStale { telemetry.metrics.staleServed(.secret) }
        case .absent: telemetry.metrics.tierRequest(.secret, .memory, .hit)
        case nil: break
        }
        readInBackground(looked.due)
        return looked.hit
    }

    /// Fetches in the background, where it is not under way already.
    func readInBackground(_ items: [SecretQuery]) {
        for item in items { _ = reads.start(item) { await self.fetch(item, $0) } }
    }

    static func look(_ query: RoutedQuery, _ cache: inout SecretCache, _ now: Now) -> Looked {
        let (wanted, blob) = (query.item, query.currentBlob)
        guard !query.isBlob else { return item(wanted, &cache, now) { .success($0.whole) } }
        let key = ExactText(wanted.key.name)
        switch cache.find(blob, now) {
        case .failed, .unknown: return Looked(hit: nil)
        case .record(let record, _):
            guard record.fields[key] != nil else { break }
            guard wanted.isVersioned else { return item(blob, &cache, now) { $0.fields[key] } }
            return with(blob, &cache, now, item(query.blob, &cache, now) { $0.fields[key] })
        case .absent: break
        }
        guard wanted.key.isItemName else {
            return with(blob, &cache, now, Looked(hit: .absent(UpstreamFault(.notFound))))
        }
        return with(blob, &cache, now, item(wanted, &cache, now) { .success($0.whole) })
    }

    /// The blob is a part of the answer, be it by its absence, and is kept up to date with it.
    private static func with(
        _ blob: SecretQuery, _ cache: inout SecretCache, _ now: Now, _ looked: Looked
    ) -> Looked {
        guard looked.hit != nil, cache.isDue(blob, now) else { return looked }
        return Looked(hit: looked.hit, due: looked.due + [blob])
    }

    static func item(
        _ item: SecretQuery, _ cache: inout SecretCache, _ now: Now, pick: (SecretRecord) -> SecretRecord.Field?
    ) -> Looked {
        switch cache.find(item, now) {
        case .record(let record, let fault):
            let hit: Hit
            switch pick(record) {
            case .success(let entry):
                cache.use(record)
                hit = .found(entry, received: record.received, isStale: fault != nil)
            case .failure(let fault): hit = .absent(fault)
            case nil: hit = .absent(UpstreamFault(.notFound))
            }
            return Looked(hit: hit, due: cache.isDue(item, now) ? [item] : [])
        case .absent(let fault): return Looked(hit: .absent(fault))
        case .failed, .unknown: return Looked(hit: nil)
        }
    }
}
