import LatchkeyBroker

/// A model of a profile's item in a DynamoDB table: consistent reads, and writes on the conditions of the broker.
struct TableModel {
    private(set) var item = SharedTokenSnapshot()

    /// - Returns: whether the condition of the write held.
    mutating func write(_ request: StoreRequest) -> Bool {
        switch request {
        case .token, .expires: return false
        case .pair(let pair):
            guard pair.writeConditions.contains(where: { $0.holds(for: item) }) else { return false }
            item.pair = StoredToken(token: pair.token, expires: pair.expires)
            item.version += 1
        case .lease(let claim):
            guard claim.condition.holds(for: item) else { return false }
            item.lease = Lease(claim.lease.text)
            item.leaseVersion = claim.restartsVersions ? 1 : item.leaseVersion + 1
            item.unreadableLease = nil
        }
        return true
    }
}
