internal import LatchkeyCore

/// Decides which reads share a call, and until when each read waits. Pure: makes no call and starts no task.
///
/// A batch lasts until the latest deadline of its members. A member with an earlier deadline, including the one that
/// started the batch, leaves the batch at that deadline, and the call continues for the others.
struct ReadBatches<Waiter> {
    typealias BatchID = Int
    typealias MemberID = Int

    /// When a member stops waiting because its batch lasts longer than its own deadline.
    struct Timer: Hashable {
        let batch: BatchID
        let member: MemberID
        let deadline: MonotonicTime
    }

    /// What the caller of ``join(_:deadline:mayGrow:waiter:)`` must do.
    struct Join {
        /// Make the call of this batch; nil if another member has started it.
        let start: BatchID?
        /// Call ``leave(_:)`` at each of these deadlines.
        let timers: [Timer]
    }

    private struct Member {
        let id: MemberID
        let names: [String]
        let deadline: MonotonicTime
        let waiter: Waiter
        var hasTimer = false
        var timer: Task<Void, Never>?
    }

    private struct Batch {
        var members: [Member] = []
        /// The latest deadline of all members, those that have left included.
        var deadline: MonotonicTime
        /// Whether the call is for the names of several members.
        var isShared = false

        func names(with more: [String] = []) -> Set<String> {
            members.reduce(into: Set(more)) { $0.formUnion($1.names) }
        }

        /// Timers for the members whose deadline is earlier than the batch's and that have none yet.
        mutating func newTimers(_ id: BatchID) -> [Timer] {
            var timers: [Timer] = []
            for index in members.indices where !members[index].hasTimer && members[index].deadline < deadline {
                members[index].hasTimer = true
                timers.append(Timer(batch: id, member: members[index].id, deadline: members[index].deadline))
            }
            return timers
        }
    }

    private var batches: [BatchID: Batch] = [:]
    /// The batch that waits for its slot and accepts members.
    private var growing: BatchID?
    private var lastID = 0
    private let maxNames: Int

    /// - Parameter maxNames: names in one batch.
    init(maxNames: Int) { self.maxNames = maxNames }

    /// Adds a read to the growing batch, or starts another batch. The names of one read stay together.
    /// - Parameter mayGrow: whether other reads may join a batch that this read starts.
    mutating func join(_ names: [String], deadline: MonotonicTime, mayGrow: Bool, waiter: Waiter) -> Join {
        lastID += 1
        let member = Member(id: lastID, names: names, deadline: deadline, waiter: waiter)
        if let id = growing, var batch = batches[id], batch.names(with: names).count <= maxNames {
            batch.members.append(member)
            batch.deadline = max(batch.deadline, deadline)
            let timers = batch.newTimers(id)
            batches[id] = batch
            return Join(start: nil, timers: timers)
        }
        batches[member.id] = Batch(members: [member], deadline: deadline)
        growing = mayGrow ? member.id : nil
        return Join(start: member.id, timers: [])
    }

    /// The latest deadline of a batch's members; nil once the batch has ended.
    func deadline(of batch: BatchID) -> MonotonicTime? { batches[batch]?.deadline }

    /// Stores the task of a timer. False if the member no longer waits; the caller then cancels the task.
    mutating func keep(_ task: Task<Void, Never>, for timer: Timer) -> Bool {
        guard let index = batches[timer.batch]?.members.firstIndex(where: { $0.id == timer.member }) else {
            return false
        }
        batches[timer.batch]?.members[index].timer = task
        return true
    }

    /// Closes a batch whose slot has come.
    /// - Returns: the names of the members that still wait, sorted.
    mutating func seal(_ batch: BatchID) -> [String] {
        if growing == batch { growing = nil }
        if let count = batches[batch]?.members.count, count > 1 { batches[batch]?.isShared = true }
        return batches[batch]?.names().sorted() ?? []
    }

    /// Removes a member whose own deadline has come.
    /// - Returns: its waiter; nil if it no longer waits.
    mutating func leave(_ timer: Timer) -> Waiter? {
        guard let index = batches[timer.batch]?.members.firstIndex(where: { $0.id == timer.member }) else { return nil }
        return batches[timer.batch]?.members.remove(at: index).waiter
    }

    /// What the caller of ``finish(_:)`` must do.
    struct End {
        /// The members to inform.
        var waiters: [Waiter] = []
        /// The timers to cancel.
        var timers: [Task<Void, Never>] = []
        /// Whether the call was for the names of several reads, including those that have left.
        var isShared = false
    }

    /// Ends a batch after its call.
    mutating func finish(_ batch: BatchID) -> End {
        if growing == batch { growing = nil }
        guard let ended = batches.removeValue(forKey: batch) else { return End() }
        return End(
            waiters: ended.members.map(\.waiter), timers: ended.members.compactMap(\.timer), isShared: ended.isShared)
    }
}
