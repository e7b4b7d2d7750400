/// A dictionary with a limit on the number and the total cost of its entries. Beyond either limit, the least recently
/// used entry is removed.
///
/// Every operation takes constant time. Removed values are released at once, because they may be secrets.
struct LeastRecentlyUsed<Key: Hashable, Value> {
    private struct Node {
        let key: Key
        var value: Value
        var cost: Int
        var newer: Int?
        var older: Int?
    }

    private var indices: [Key: Int] = [:]
    private var nodes: [Node?] = []
    private var free: [Int] = []
    private var newest: Int?
    private var oldest: Int?
    private let maxCount: Int
    private let maxCost: Int
    private(set) var cost = 0

    init(maxCount: Int, maxCost: Int = .max) {
        self.maxCount = maxCount
        self.maxCost = maxCost
    }

    var count: Int { indices.count }

    /// The keys, most recently used first.
    var keysByUse: [Key] {
        var keys: [Key] = []
        keys.reserveCapacity(count)
        var index = newest
        while let node = index.flatMap({ nodes[$0] }) {
            keys.append(node.key)
            index = node.older
        }
        return keys
    }

    /// The value, without marking it as used.
    subscript(peek key: Key) -> Value? { indices[key].flatMap { nodes[$0]?.value } }

    /// The value, marked as used.
    mutating func value(for key: Key) -> Value? {
        guard let index = indices[key] else { return nil }
        if index != newest {
            unlink(index)
            link(index)
        }
        return nodes[index]?.value
    }

    /// Inserts or replaces a value and marks it as used. A value that alone exceeds the limit is not kept.
    mutating func insert(_ value: Value, for key: Key, cost: Int = 0) {
        remove(key)
        guard cost <= maxCost, maxCount > 0 else { return }
        let node = Node(key: key, value: value, cost: cost)
        let index: Int
        if let reused = free.popLast() {
            index = reused
            nodes[index] = node
        } else {
            index = nodes.count
            nodes.append(node)
        }
        indices[key] = index
        self.cost += cost
        link(index)
        while count > maxCount || self.cost > maxCost, let oldest, let key = nodes[oldest]?.key {
            remove(key)
        }
    }

    mutating func remove(_ key: Key) {
        guard let index = indices.removeValue(forKey: key) else { return }
        unlink(index)
        cost -= nodes[index]?.cost ?? 0
        nodes[index] = nil
        free.append(index)
    }

    mutating func removeAll() { self = Self(maxCount: maxCount, maxCost: maxCost) }

    private mutating func link(_ index: Int) {
        nodes[index]?.older = newest
        nodes[index]?.newer = nil
        if let newest { nodes[newest]?.newer = index }
        newest = index
        if oldest == nil { oldest = index }
    }

    private mutating func unlink(_ index: Int) {
        let (newer, older) = (nodes[index]?.newer, nodes[index]?.older)
        if let newer { nodes[newer]?.older = older } else { newest = older }
        if let older { nodes[older]?.newer = newer } else { oldest = newer }
    }
}
