internal import LatchkeyNet

/// Connections that may be evicted, oldest first. Ids of connections that no longer qualify are removed lazily.
struct EvictionQueue {
    private static let minSweep = 64

    private var ids: [ChannelID] = []
    private var start = 0
    /// The length at which ids that no longer qualify are removed.
    private var nextSweep = Self.minSweep

    /// Adds the newest connection.
    mutating func append(_ id: ChannelID, isCurrent: (ChannelID) -> Bool) {
        if start > Self.minSweep, start * 2 > ids.count {
            ids.removeSubrange(..<start)
            start = 0
        }
        ids.append(id)
        guard ids.count - start >= nextSweep else { return }
        ids = ids[start...].filter(isCurrent)
        start = 0
        nextSweep = max(Self.minSweep, ids.count * 2)
    }

    /// The number of connections that still qualify.
    func count(where isCurrent: (ChannelID) -> Bool) -> Int { ids[start...].count(where: isCurrent) }

    /// Removes and returns the oldest id, which may no longer qualify.
    mutating func popOldest() -> ChannelID? {
        guard start < ids.count else { return nil }
        defer { start += 1 }
        return ids[start]
    }
}
