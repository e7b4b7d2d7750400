/// A dictionary bounded in entries and in cost; past either bound the entry unused for longest goes.
///
/// Every operation takes constant time. What is removed is let go at once: values may be secrets.
struct LeastRecentlyUsed<Key: Hashable, Value> {
    private struct Node {
        let key: Key
        var value: Value
        var cost: Int
        var newer: Int?
        var older: Int?
    }

    private var places: [Key: Int] = [:]
    private var nodes: [Node?] = []
    private var free: [Int] = []
    private var newest: Int?
    private var oldest: Int?
    private let maximumCount: Int
    private let maximumCost: Int
    private(set) var cost = 0

    init(maximumCount: Int, maximumCost: Int = .max) {
        self.maximumCount = maximumCount
        self.maximumCost = maximumCost
    }

    var count: Int { places.count }

    /// The keys, the most recently used first.
    var keysByUse: [Key] {
        var keys: [Key] = []
        keys.reserveCapacity(count)
        var place = newest
        while let node = place.flatMap({ nodes[$0] }) {
            keys.append(node.key)
            place = node.older
        }
        return keys
    }

    /// The value, without counting as a use.
    subscript(peek key: Key) -> Value? { places[key].flatMap { nodes[$0]?.value } }

    /// The value; it is now the most recently used.
    mutating func value(for key: Key) -> Value? {
        guard let place = places[key] else { return nil }
        if place != newest {
            unlink(place)
            link(place)
        }
        return nodes[place]?.value
    }

    /// Puts a value, as the most recently used. One that alone is over the bound is not kept.
    mutating func insert(_ value: Value, for key: Key, cost: Int = 0) {
        remove(key)
        guard cost <= maximumCost, maximumCount > 0 else { return }
        let node = Node(key: key, value: value, cost: cost)
        let place: Int
        if let reused = free.popLast() {
            place = reused
            nodes[place] = node
        } else {
            place = nodes.count
            nodes.append(node)
        }
        places[key] = place
        self.cost += cost
        link(place)
        while count > maximumCount || self.cost > maximumCost, let oldest, let key = nodes[oldest]?.key {
            remove(key)
        }
    }

    mutating func remove(_ key: Key) {
        guard let place = places.removeValue(forKey: key) else { return }
        unlink(place)
        cost -= nodes[place]?.cost ?? 0
        nodes[place] = nil
        free.append(place)
    }

    mutating func removeAll() { self = Self(maximumCount: maximumCount, maximumCost: maximumCost) }

    private mutating func link(_ place: Int) {
        nodes[place]?.older = newest
        nodes[place]?.newer = nil
        if let newest { nodes[newest]?.newer = place }
        newest = place
        if oldest == nil { oldest = place }
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (nodes[place]?.newer, nodes[place]?.older)
        if let newer { nodes[newer]?.older = older } else { newest = older }
        if let older { nodes[older]?.newer = newer } else { oldest = newer }
    }
}
