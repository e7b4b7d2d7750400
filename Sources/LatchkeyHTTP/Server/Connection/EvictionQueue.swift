internal import LatchkeyNet

/// Connections in the order they came, of which those that are no longer of the kind are dropped lazily.
struct EvictionQueue {
    private var ids: [ChannelID] = []
    private var start = 0
    /// How long the queue may get before it is looked through again.
    private var nextSweep = 64

    /// Adds one behind the others.
    mutating func append(_ id: ChannelID, isCurrent: (ChannelID) -> Bool) {
        if start > 64, start * 2 > ids.count {
            ids.removeSubrange(..<start)
            start = 0
        }
        ids.append(id)
        guard ids.count - start >= nextSweep else { return }
        ids = ids[start...].filter(isCurrent)
        start = 0
        nextSweep = max(64, ids.count * 2)
    }

    /// How many still are of the kind.
    func count(where isCurrent: (ChannelID) -> Bool) -> Int { ids[start...].count(where: isCurrent) }

    /// Takes the oldest out, whether it still is of the kind or not.
    mutating func popOldest() -> ChannelID? {
        guard start < ids.count else { return nil }
        defer { start += 1 }
        return ids[start]
    }
}
