internal import LatchkeyCore

/// Decides which of the reads that wait for a store runs next: callers take turns. Pure.
///
/// A caller that asks for thousands of names therefore waits for its own reads, and the first read of another caller is the
/// next one. Each running read has a cost, and the sum is limited. One caller may use half of it (the rule of
/// ``FairShare``), so that the reads of others do not wait for those of one that the store does not answer.
struct FairQueue {
    typealias ID = UInt64

    /// Reads that ``next(_:)`` has decided about.
    struct Decisions: Equatable {
        /// They run now.
        var run: [ID] = []
        /// They have waited too long.
        var late: [ID] = []
    }

    private struct Read {
        let owner: Requester?
        let cost: Int
        /// When it is too late to begin.
        let latest: MonotonicTime
    }

    private let capacity: Int
    private var used = 0
    /// The cost of the running reads of each owner.
    private var costs: [String: Int] = [:]
    private var running: [ID: Read] = [:]
    private var waiting: [ID: Read] = [:]
    private var places: FairShare
    /// The waiting reads of each owner, oldest first. It may name reads that do not wait any more, and a read may be in the
    /// queues of several callers.
    private var queues: [String: (reads: [ID], first: Int)] = [:]
    /// Owners with a queue. The first one has the next turn.
    private var turns: [Requester?] = []

    /// - Parameters:
    ///   - capacity: the sum of the costs of running reads, at least the cost of one.
    ///   - maxWaiting: reads that wait.
    init(capacity: Int, maxWaiting: Int) {
        self.capacity = capacity
        places = FairShare(maxWaiting)
    }

    /// Reads that wait.
    var waitingCount: Int { waiting.count }
    /// Reads that run.
    var runningCount: Int { running.count }

    func isWaiting(_ id: ID) -> Bool { waiting[id] != nil }

    func isRunning(_ id: ID) -> Bool { running[id] != nil }

    /// Adds a read. ``next(_:)`` decides when it runs.
    ///
    /// - Returns: false if the caller has too many reads waiting, or all callers have.
    mutating func add(_ id: ID, cost: Int, for owner: Requester?, latest: MonotonicTime) -> Bool {
        guard places.take(owner) else { return false }
        waiting[id] = Read(owner: owner, cost: min(cost, capacity), latest: latest)
        enqueue(id, for: owner)
        return true
    }

    /// Another caller waits for the same read, which then also has that caller's turn.
    mutating func join(_ id: ID, by other: Requester?) {
        guard let read = waiting[id], read.owner?.id != other?.id,
            queues[Self.name(other)]?.reads.last != id
        else {
            return
        }
        enqueue(id, for: other)
    }

    /// Gives up a read that waits. False if it does not wait any more.
    mutating func remove(_ id: ID) -> Bool {
        guard let read = waiting.removeValue(forKey: id) else { return false }
        places.release(read.owner)
        return true
    }

    /// A running read has ended.
    mutating func finish(_ id: ID) {
        guard let read = running.removeValue(forKey: id) else { return }
        used -= read.cost
        let left = costs[Self.name(read.owner), default: 0] - read.cost
        costs[Self.name(read.owner)] = left > 0 ? left : nil
    }

    /// Takes the reads that may run now from the queues, in turns.
    mutating func next(_ now: MonotonicTime) -> Decisions {
        var decisions = Decisions()
        var passed = 0
        while passed < turns.count {
            let owner = turns.removeFirst()
            guard let (id, read) = first(of: owner, now, &decisions) else { continue }
            turns.append(owner)
            let candidate = Read(owner: owner, cost: read.cost, latest: read.latest)
            guard hasShare(candidate) else {
                passed += 1
                continue
            }
            guard used + read.cost <= capacity else {
                // Its turn comes first when there is room, or small reads would keep a large one waiting.
                turns.insert(turns.removeLast(), at: 0)
                break
            }
            _ = remove(id)
            run(id, candidate)
            decisions.run.append(id)
            passed = 0
        }
        return decisions
    }

    // MARK: Queues

    private static func name(_ owner: Requester?) -> String { owner?.id ?? "" }

    private func hasShare(_ read: Read) -> Bool {
        guard let owner = read.owner, !owner.isAlone else { return true }
        let own = costs[owner.id, default: 0]
        return own == 0 || own < capacity - used
    }

    private mutating func run(_ id: ID, _ read: Read) {
        running[id] = read
        used += read.cost
        costs[Self.name(read.owner), default: 0] += read.cost
    }

    private mutating func enqueue(_ id: ID, for owner: Requester?) {
        if queues[Self.name(owner)] == nil { turns.append(owner) }
        queues[Self.name(owner), default: ([], 0)].reads.append(id)
    }

    /// The oldest read of an owner that still waits; nil if there is none. Those that are late are removed.
    private mutating func first(
        of owner: Requester?, _ now: MonotonicTime, _ decisions: inout Decisions
    ) -> (ID, Read)? {
        let name = Self.name(owner)
        guard var queue = queues.removeValue(forKey: name) else { return nil }
        while queue.first < queue.reads.count {
            let id = queue.reads[queue.first]
            if let read = waiting[id] {
                if now <= read.latest {
                    queues[name] = queue
                    return (id, read)
                }
                _ = remove(id)
                decisions.late.append(id)
            }
            queue.first += 1
            if queue.first > 1024 {
                queue.reads.removeFirst(queue.first)
                queue.first = 0
            }
        }
        return nil
    }
}
