internal import Synchronization

/// Tasks that sleep, all on the timer of the earliest one.
///
/// A timer of `Task.sleep` stays until its time, with half a KiB of memory, also if the task was cancelled. Each request to an
/// upstream has a deadline, and nearly all are cancelled long before it: thousands of them a second would keep tens of MiB.
final class SleepQueue: Sendable {
    fileprivate struct Entry {
        let deadline: MonotonicTime
        let id: UInt64
    }

    fileprivate struct State {
        var lastID: UInt64 = 0
        var sleeping: [UInt64: CheckedContinuation<Void, Never>] = [:]
        /// A heap with the earliest entry first. Those that are no longer in `sleeping` are left out when they come up, and
        /// when they are the larger part.
        var entries: [Entry] = []
        /// When the timer fires; nil without one.
        var timerDeadline: MonotonicTime?
        var timer: Task<Void, Never>?
        /// Tells the current timer from those that it has replaced.
        var timerNumber: UInt64 = 0
    }

    /// Entries that are kept without looking for cancelled ones.
    private static let minEntriesToClean = 64

    private let state = Mutex(State())
    private let now: @Sendable () -> MonotonicTime
    private let wait: @Sendable (MonotonicTime) async -> Void

    /// - Parameter wait: returns at the given time, or early if the task is cancelled.
    init(
        now: @escaping @Sendable () -> MonotonicTime, wait: @escaping @Sendable (MonotonicTime) async -> Void
    ) {
        self.now = now
        self.wait = wait
    }

    /// The number of entries, with those of cancelled tasks that are still there.
    var count: Int { state.withLock { $0.entries.count } }

    /// Returns at `deadline`, or early if the task is cancelled.
    func sleep(until deadline: MonotonicTime) async {
        // As a sleep of no time would.
        guard deadline > now() else { return await Task.yield() }
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    state.sleeping[id] = continuation
                    state.insert(Entry(deadline: deadline, id: id))
                    setTimer(&state)
                }
                // The handler may have run before the task was in the queue.
                if Task.isCancelled { wake(id) }
            }
        } onCancel: {
            wake(id)
        }
    }

    private func wake(_ id: UInt64) {
        let continuation = state.withLock { state in
            let continuation = state.sleeping.removeValue(forKey: id)
            state.clean(beyond: Self.minEntriesToClean)
            return continuation
        }
        continuation?.resume()
    }

    /// Sets the timer to the earliest entry, unless it fires before that.
    private func setTimer(_ state: inout State) {
        guard let first = state.first, state.timerDeadline.map({ first < $0 }) ?? true else { return }
        state.timer?.cancel()
        state.timerDeadline = first
        state.timerNumber += 1
        let number = state.timerNumber
        state.timer = Task.detached { [self] in
            await wait(first)
            timerFired(number)
        }
    }

    private func timerFired(_ number: UInt64) {
        let now = now()
        let due = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard number == state.timerNumber else { return [] }
            state.timerDeadline = nil
            var due: [CheckedContinuation<Void, Never>] = []
            while let first = state.first, first <= now {
                if let continuation = state.sleeping.removeValue(forKey: state.removeFirst().id) {
                    due.append(continuation)
                }
            }
            setTimer(&state)
            return due
        }
        for continuation in due { continuation.resume() }
    }
}

// MARK: - The heap

extension SleepQueue.State {
    /// The earliest deadline of a task that still sleeps.
    fileprivate var first: MonotonicTime? {
        mutating get {
            while let entry = entries.first, sleeping[entry.id] == nil { _ = removeFirst() }
            return entries.first?.deadline
        }
    }

    fileprivate mutating func insert(_ entry: SleepQueue.Entry) {
        entries.append(entry)
        var index = entries.count - 1
        while index > 0, entries[index].deadline < entries[(index - 1) / 2].deadline {
            entries.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Removes the earliest entry. There must be one.
    fileprivate mutating func removeFirst() -> SleepQueue.Entry {
        entries.swapAt(0, entries.count - 1)
        let removed = entries.removeLast()
        moveDown(from: 0)
        return removed
    }

    private mutating func moveDown(from start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < entries.count {
                if entries[child].deadline < entries[least].deadline { least = child }
            }
            if least == index { return }
            entries.swapAt(index, least)
            index = least
        }
    }

    /// Leaves out the entries of cancelled tasks if they are the larger part of more than `count`. The cost is shared by those
    /// that were cancelled since the last time.
    fileprivate mutating func clean(beyond count: Int) {
        guard entries.count > count, entries.count > 2 * sleeping.count else { return }
        entries = entries.filter { sleeping[$0.id] != nil }
        for index in stride(from: entries.count / 2 - 1, through: 0, by: -1) { moveDown(from: index) }
    }
}
