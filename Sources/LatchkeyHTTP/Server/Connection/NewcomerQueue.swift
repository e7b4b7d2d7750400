internal import LatchkeyNet

/// Connections in the order they came, of which those that are no longer of the kind are dropped lazily.
struct NewcomerQueue {
    private var ids: [ChannelID] = []
    private var start = 0
    /// How long the queue may get before it is looked through again.
    private var nextSweep = 64

    /// Adds one behind the others.
    mutating func append(_ id: ChannelID, isStillOne: (ChannelID) -> Bool) {
        if start > 64, start * 2 > ids.count {
            ids.removeSubrange(..<start)
            start = 0
        }
        ids.append(id)
        guard ids.count - start >= nextSweep else { return }
        ids = ids[start...].filter(isStillOne)
        start = 0
        nextSweep = max(64, ids.count * 2)
    }

    /// How many still are of the kind.
    func count(where isStillOne: (ChannelID) -> Bool) -> Int { ids[start...].count(where: isStillOne) }

    /// Takes the oldest out, whether it still is of the kind or not.
    mutating func popOldest() -> ChannelID? {
        guard start < ids.count else { return nil }
        defer { start += 1 }
        return ids[start]
    }
}
