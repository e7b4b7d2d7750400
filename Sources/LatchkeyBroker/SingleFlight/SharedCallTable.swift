internal import LatchkeyCore

/// The shared calls in progress and the callers waiting for each. Pure: it starts no tasks and calls no closures.
struct SharedCallTable<Key: Hashable & Sendable, Value: Sendable> {
    typealias Waiter = @Sendable (Result<Value, UpstreamFault>) -> Void

    /// What the caller of ``join(_:isNew:callDeadline:waiting:)`` has to do.
    enum Join {
        /// Start the work of call `id`, and a timer for `timer`.
        case start(id: UInt64, timer: MonotonicTime)
        /// Start a timer if `timer` is not nil.
        case joined(id: UInt64, timer: MonotonicTime?)
        /// Refuse the caller: too many callers are waiting, or it has its share of the places.
        case overloaded
    }

    /// A caller that waits for a call.
    struct Waiting {
        let deadline: MonotonicTime
        let requester: Requester?
        let waiter: Waiter
    }

    private struct Call {
        let id: UInt64
        let key: Key
        let deadline: MonotonicTime
        var waiters: [Waiting] = []
        var places: FairShare
        /// The earliest timer that was requested and has not fired.
        var timer: MonotonicTime
        var tasks: [Task<Void, Never>] = []
    }

    private var calls: [Key: Call] = [:]
    /// Calls that no more callers may join, because a newer call replaced them or memory was cleared. Their waiters
    /// still get their outcome.
    private var replaced: [UInt64: Call] = [:]
    private var lastID: UInt64 = 0
    private let maxWaiters: Int

    init(maxWaiters: Int) { self.maxWaiters = maxWaiters }

    /// The number of callers waiting for the call of `key`; nil if there is no call.
    func waiters(on key: Key) -> Int? { calls[key]?.waiters.count }

    /// Prevents later callers from joining the call of `key`.
    private mutating func replace(_ key: Key) {
        if let call = calls.removeValue(forKey: key) { replaced[call.id] = call }
    }

    /// Prevents later callers from joining any call in progress.
    mutating func replaceAll() {
        for key in Array(calls.keys) { replace(key) }
    }

    /// Adds a waiter to the call of `key`, and creates the call if there is none.
    ///
    /// - Parameters:
    ///   - isNew: the work must start now, so a call in progress is replaced and not joined.
    ///   - waiting: the waiter and its deadline; nil for work in the background.
    mutating func join(
        _ key: Key, isNew: Bool = false, callDeadline: MonotonicTime,
        waiting: Waiting?
    ) -> Join {
        if isNew { replace(key) }
        guard var call = calls.removeValue(forKey: key) else {
            lastID += 1
            let timer = min(callDeadline, waiting?.deadline ?? callDeadline)
            var call = Call(
                id: lastID, key: key, deadline: callDeadline, places: FairShare(maxWaiters), timer: timer)
            if let waiting, call.places.take(waiting.requester) { call.waiters.append(waiting) }
            calls[key] = call
            return .start(id: lastID, timer: timer)
        }
        defer { calls[key] = call }
        guard let waiting else { return .joined(id: call.id, timer: nil) }
        guard call.places.take(waiting.requester) else { return .overloaded }
        call.waiters.append(waiting)
        guard waiting.deadline < call.timer else { return .joined(id: call.id, timer: nil) }
        call.timer = waiting.deadline
        return .joined(id: call.id, timer: call.timer)
    }

    /// Stores a task with its call.
    ///
    /// - Returns: false if the call is over; the task has to be cancelled then.
    mutating func keep(_ task: Task<Void, Never>, key: Key, id: UInt64) -> Bool {
        guard var current = find(key, id) else { return false }
        current.tasks.append(task)
        put(current, key)
        return true
    }

    private func find(_ key: Key, _ id: UInt64) -> Call? {
        if let call = calls[key], call.id == id { return call }
        return replaced[id]
    }

    private mutating func put(_ call: Call, _ key: Key) {
        if calls[key]?.id == call.id { calls[key] = call } else { replaced[call.id] = call }
    }

    private mutating func remove(_ key: Key, _ id: UInt64) -> Call? {
        if calls[key]?.id == id { return calls.removeValue(forKey: key) }
        return replaced.removeValue(forKey: id)
    }

    /// Ends a call.
    ///
    /// - Returns: the waiters to notify and the tasks to cancel; empty if the call was abandoned before.
    mutating func finish(_ key: Key, id: UInt64) -> (waiters: [Waiter], tasks: [Task<Void, Never>]) {
        guard let ended = remove(key, id) else { return ([], []) }
        return (ended.waiters.map(\.waiter), ended.tasks)
    }

    /// Ends every call of a key, including replaced ones.
    ///
    /// - Returns: the waiters to notify and the tasks to cancel.
    mutating func abandon(_ key: Key) -> (waiters: [Waiter], tasks: [Task<Void, Never>]) {
        let ended = [calls.removeValue(forKey: key)].compactMap { $0 } + replaced.values.filter { $0.key == key }
        for call in ended { replaced[call.id] = nil }
        return (ended.flatMap { $0.waiters.map(\.waiter) }, ended.flatMap(\.tasks))
    }

    /// What has expired.
    enum Expired {
        /// The deadlines of these waiters. The call continues and needs its next timer at `timer`.
        case waiters([Waiter], timer: MonotonicTime)
        /// The deadline of the call itself. It is abandoned: these waiters have to be notified, these tasks cancelled.
        case call([Waiter], [Task<Void, Never>])
        /// Nothing: the call is over already.
        case nothing
    }

    mutating func expire(_ key: Key, id: UInt64, now: MonotonicTime) -> Expired {
        guard var current = find(key, id) else { return .nothing }
        if now >= current.deadline {
            _ = remove(key, id)
            return .call(current.waiters.map(\.waiter), current.tasks)
        }
        let due = current.waiters.filter { now >= $0.deadline }
        current.waiters.removeAll { now >= $0.deadline }
        for one in due { current.places.release(one.requester) }
        current.timer = current.waiters.reduce(current.deadline) { min($0, $1.deadline) }
        put(current, key)
        return .waiters(due.map(\.waiter), timer: current.timer)
    }
}
