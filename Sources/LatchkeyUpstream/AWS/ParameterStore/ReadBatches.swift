internal import LatchkeyCore

/// Which reads will be one call, and until when each of them waits. Pure: it starts nothing and calls nobody.
///
/// A batch lasts until the latest deadline of its members. A member whose own deadline comes earlier leaves the batch at
/// that deadline, and the call goes on for the others. This includes the member that started the batch.
struct ReadBatches<Waiter> {
    typealias BatchID = Int
    typealias MemberID = Int

    /// The point at which a member stops to wait, because the batch goes on longer than the member does.
    struct Timer: Hashable {
        let batch: BatchID
        let member: MemberID
        let deadline: MonotonicTime
    }

    /// What the caller of ``join(_:deadline:mayGrow:waiter:)`` is to do.
    struct Join {
        /// Make the call of this batch; nil where another member has started it.
        let start: BatchID?
        /// Call ``leave(_:)`` when each of these times has come.
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
        /// The latest deadline of all members there ever were.
        var deadline: MonotonicTime
        /// The call is for the names of several members.
        var isShared = false

        func names(with more: [String] = []) -> Set<String> {
            members.reduce(into: Set(more)) { $0.formUnion($1.names) }
        }

        /// Timers for the members that end before the batch does and have none yet.
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
    /// The batch that waits for its turn and may grow.
    private var growing: BatchID?
    private var lastID = 0
    private let maxNames: Int

    /// - Parameter maxNames: names of one batch.
    init(maxNames: Int) { self.maxNames = maxNames }

    /// Adds a read to the batch that waits for its turn, or starts a new batch. The names of one read stay together.
    /// - Parameter mayGrow: whether others may join a batch that this read starts.
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

    /// The latest deadline of a batch's members; nil when the batch is over.
    func deadline(of batch: BatchID) -> MonotonicTime? { batches[batch]?.deadline }

    /// Keeps a timer's task with its member. False when the member waits no more, and the task is to be cancelled.
    mutating func keep(_ task: Task<Void, Never>, for timer: Timer) -> Bool {
        guard let index = batches[timer.batch]?.members.firstIndex(where: { $0.id == timer.member }) else {
            return false
        }
        batches[timer.batch]?.members[index].timer = task
        return true
    }

    /// A batch's turn has come: nobody joins it any more. The names of those who still wait, sorted.
    mutating func seal(_ batch: BatchID) -> [String] {
        if growing == batch { growing = nil }
        if let count = batches[batch]?.members.count, count > 1 { batches[batch]?.isShared = true }
        return batches[batch]?.names().sorted() ?? []
    }

    /// A member's own deadline has come. Its waiter; nil when it waits no more.
    mutating func leave(_ timer: Timer) -> Waiter? {
        guard let index = batches[timer.batch]?.members.firstIndex(where: { $0.id == timer.member }) else { return nil }
        return batches[timer.batch]?.members.remove(at: index).waiter
    }

    /// What is left to do when a batch's call has ended.
    struct End {
        /// Everyone to tell.
        var waiters: [Waiter] = []
        /// Timers to cancel.
        var timers: [Task<Void, Never>] = []
        /// The call was for the names of several reads, some of which may not wait any more.
        var isShared = false
    }

    /// A batch's call has ended.
    mutating func finish(_ batch: BatchID) -> End {
        if growing == batch { growing = nil }
        guard let ended = batches.removeValue(forKey: batch) else { return End() }
        return End(
            waiters: ended.members.map(\.waiter), timers: ended.members.compactMap(\.timer), isShared: ended.isShared)
    }
}
