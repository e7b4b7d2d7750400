package import LatchkeyCore
internal import Synchronization

/// At most one call per key at a time. Callers that arrive during the call share its outcome, success or failure.
///
/// - A call uses one `Task` for its work and one for its deadlines, however many callers wait for it.
/// - A caller that reaches its deadline, or disconnects, does not affect the call.
/// - A caller that needs work that starts after its request does not join a call in progress. It starts a new call,
///   which later callers join. The older call continues for the callers that wait for it.
/// - A call that reaches its own deadline is abandoned: its callers are notified, its task is cancelled, and the next
///   caller starts another call. The work stores its result in the cache itself, so a late result is not lost.
package final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    package typealias Outcome = Result<Value, UpstreamFault>

    private let table: Mutex<SharedCallTable<Key, Value>>
    private let time: Timing
    private let maxDuration: Duration

    /// - Parameters:
    ///   - maxWaiters: how many callers may wait for one call; more are refused as `overloaded`.
    ///   - maxDuration: the deadline of a call, from its start.
    package init(maxWaiters: Int = 10_000, maxDuration: Duration, time: Timing) {
        table = Mutex(SharedCallTable(maxWaiters: maxWaiters))
        self.time = time
        self.maxDuration = maxDuration
    }

    /// The number of callers waiting for the call of `key`; nil if no call is in progress.
    package func waiters(on key: Key) -> Int? { table.withLock { $0.waiters(on: key) } }

    /// Waits for the call of `key`, and starts it with `work` if there is none.
    ///
    /// - Parameters:
    ///   - isNew: the work must start now, so a call in progress is not joined.
    ///   - requester: the caller, whose share of the waiters is limited (``FairShare``); nil for Latchkey itself.
    ///   - deadline: when this caller stops waiting; the result is `timedOut` then.
    ///   - work: gets the deadline of the call.
    ///   - waiter: called once, on any thread, outside all locks; before this returns if the caller is refused.
    /// - Returns: whether the caller joined a call in progress.
    @discardableResult
    package func join(
        _ key: Key, isNew: Bool = false, for requester: Requester? = nil, deadline: MonotonicTime,
        work: @escaping @Sendable (MonotonicTime) async -> Outcome, waiter: @escaping @Sendable (Outcome) -> Void
    ) -> Bool {
        joinOrStart(
            key, isNew: isNew, waiting: .init(deadline: deadline, requester: requester, waiter: waiter),
            work: work)
    }

    /// Prevents later callers from joining any call in progress. Callers that wait already are still answered.
    package func replaceAll() { table.withLock { $0.replaceAll() } }

    /// Abandons every call of `key`: callers get `fault`, tasks are cancelled.
    package func abandon(_ key: Key, because fault: UpstreamFault) {
        let (waiters, tasks) = table.withLock { $0.abandon(key) }
        for task in tasks { task.cancel() }
        for waiter in waiters { waiter(.failure(fault)) }
    }

    /// Starts a call that no caller waits for.
    ///
    /// - Returns: false if a call of `key` is in progress already.
    package func start(_ key: Key, work: @escaping @Sendable (MonotonicTime) async -> Outcome) -> Bool {
        !joinOrStart(key, isNew: false, waiting: nil, work: work)
    }

    /// - Returns: whether a call was in progress.
    private func joinOrStart(
        _ key: Key, isNew: Bool, waiting: SharedCallTable<Key, Value>.Waiting?,
        work: @escaping @Sendable (MonotonicTime) async -> Outcome
    ) -> Bool {
        let end = time.now().monotonic + maxDuration
        switch table.withLock({ $0.join(key, isNew: isNew, callDeadline: end, waiting: waiting) }) {
        case .overloaded:
            waiting?.waiter(.failure(UpstreamFault(.overloaded, retryAfter: .seconds(1))))
            return false
        case .joined(let id, let timer):
            if let timer { startTimer(key, id, at: timer) }
            return true
        case .start(let id, let timer):
            let task = Task { self.finish(key, id, await work(end)) }
            keep(task, key, id)
            startTimer(key, id, at: timer)
            return false
        }
    }

    private func finish(_ key: Key, _ id: UInt64, _ outcome: Outcome) {
        let (waiters, tasks) = table.withLock { $0.finish(key, id: id) }
        for task in tasks { task.cancel() }
        for waiter in waiters { waiter(outcome) }
    }

    /// Checks the deadlines of the call at `deadline`, and at later ones until the call is over.
    private func startTimer(_ key: Key, _ id: UInt64, at deadline: MonotonicTime) {
        let task = Task {
            var next: MonotonicTime? = deadline
            while let deadline = next, !Task.isCancelled {
                await time.sleep(deadline)
                next = expire(key, id)
            }
        }
        keep(task, key, id)
    }

    private func keep(_ task: Task<Void, Never>, _ key: Key, _ id: UInt64) {
        if !table.withLock({ $0.keep(task, key: key, id: id) }) { task.cancel() }
    }

    /// Notifies the callers that have reached their deadline.
    ///
    /// - Returns: the next deadline; nil if the call is over.
    private func expire(_ key: Key, _ id: UInt64) -> MonotonicTime? {
        let now = time.now().monotonic
        switch table.withLock({ $0.expire(key, id: id, now: now) }) {
        case .nothing: return nil
        case .call(let waiters, let tasks):
            for task in tasks { task.cancel() }
            for waiter in waiters { waiter(.failure(UpstreamFault(.timedOut))) }
            return nil
        case .waiters(let waiters, let timer):
            for waiter in waiters { waiter(.failure(UpstreamFault(.timedOut))) }
            return timer
        }
    }
}
