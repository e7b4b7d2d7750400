internal import LatchkeyCore
internal import Synchronization

/// Lets reads of one store begin, callers in turn (``FairQueue``).
final class ReadTurns: Sendable {
    /// The end of a wait.
    enum Entry {
        /// The read begins. Its id is for ``leave(_:)``.
        case begins(FairQueue.ID)
        /// It is too late to begin, or nobody waits for the read any more.
        case late
        /// Too many reads wait, of this caller or of all.
        case refused
    }

    private struct State: Sendable {
        var queue: FairQueue
        var lastID: FairQueue.ID = 0
        /// Those who wait.
        var waiters: [FairQueue.ID: CheckedContinuation<Bool, Never>] = [:]
        /// The last read of each item that waits.
        var items: [SecretQuery: FairQueue.ID] = [:]

        /// Whether a read begins whose wait is over before it has a waiter.
        mutating func decide(_ id: FairQueue.ID) -> Bool {
            _ = queue.remove(id)
            return queue.isRunning(id)
        }

        /// Lets further reads begin.
        mutating func advance(_ now: MonotonicTime) -> Waiters {
            let decisions = queue.next(now)
            return Waiters(
                beginning: decisions.run.compactMap { waiters.removeValue(forKey: $0) },
                late: decisions.late.compactMap { waiters.removeValue(forKey: $0) })
        }
    }

    /// The waiters of reads whose wait is over, to be resumed outside the lock.
    private struct Waiters: Sendable {
        let beginning: [CheckedContinuation<Bool, Never>]
        let late: [CheckedContinuation<Bool, Never>]

        func resume() {
            for waiter in beginning { waiter.resume(returning: true) }
            for waiter in late { waiter.resume(returning: false) }
        }
    }

    private let state: Mutex<State>
    private let time: Timing

    /// - Parameters:
    ///   - capacity: the sum of the costs of running reads.
    ///   - maxWaiting: reads that wait.
    init(capacity: Int, maxWaiting: Int, time: Timing) {
        state = Mutex(State(queue: FairQueue(capacity: capacity, maxWaiting: maxWaiting)))
        self.time = time
    }

    /// Waits until the read may begin.
    ///
    /// - Parameter latest: when it is too late to begin.
    func enter(
        _ item: SecretQuery, cost: Int, for requester: Requester?, latest: MonotonicTime
    ) async -> Entry {
        let now = time.now().monotonic
        let (id, isAccepted, next) = state.withLock { state in
            state.lastID += 1
            let isAccepted = state.queue.add(state.lastID, cost: cost, for: requester, latest: latest)
            if isAccepted { state.items[item] = state.lastID }
            return (state.lastID, isAccepted, state.advance(now))
        }
        next.resume()
        guard isAccepted else { return .refused }
        let begins = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDecided = state.withLock { state in
                    guard state.queue.isWaiting(id), !Task.isCancelled else { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isDecided { continuation.resume(returning: state.withLock { $0.decide(id) }) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.queue.remove(id) ? state.waiters.removeValue(forKey: id) : nil
            }
            waiter?.resume(returning: false)
        }
        state.withLock { state in if state.items[item] == id { state.items[item] = nil } }
        return begins ? .begins(id) : .late
    }

    /// Another caller waits for a read of the item, if one waits.
    func join(_ item: SecretQuery, by requester: Requester?) {
        state.withLock { state in
            if let id = state.items[item] { state.queue.join(id, by: requester) }
        }
        runNext()
    }

    /// The read has ended.
    func leave(_ id: FairQueue.ID) {
        state.withLock { $0.queue.finish(id) }
        runNext()
    }

    private func runNext() {
        let now = time.now().monotonic
        state.withLock { $0.advance(now) }.resume()
    }
}
