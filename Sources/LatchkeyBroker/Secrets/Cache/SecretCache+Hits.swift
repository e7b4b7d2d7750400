internal import LatchkeyCore

extension SecretCache {
    /// Keeps what a lookup of a current secret has found, until one of the items that it has read is due for another read. It
    /// is not kept if the last read of one of them has failed.
    ///
    /// - Parameter items: the items that it has read.
    mutating func keep(_ hit: SecretHit, for key: SecretKey, from items: [SecretQuery], _ now: Now) {
        var until = now.monotonic + SecretHits.maxTime
        for item in items {
            guard !hasFailed(item), let due = latest(item)?.aheadFrom ?? absence(item)?.aheadFrom else { return }
            until = min(until, due)
        }
        if until > now.monotonic { hits.insert(hit, for: key.name, until: until) }
    }

    /// Drops what lookups of an item have found, because it changes. The blob decides about every key.
    mutating func dropHits(of item: SecretQuery) {
        if item.key == .blob { hits.removeAll() } else { hits.remove(item.key.name) }
    }

    /// Drops what lookups have found, because another store may have the secrets now.
    mutating func dropHits() { hits.removeAll() }
}
