internal import LatchkeyCore
internal import Synchronization

/// Callers that wait until the backend is known, each until its own deadline.
final class BackendWaiters: Sendable {
    /// Gets nil once the backend is known, else why it is not.
    typealias Completion = @Sendable (UpstreamFault?) -> Void

    private struct Waiter {
        let completion: Completion
        let requester: Requester?
        /// Ends the wait at the caller's deadline.
        var timer: Task<Void, Never>?
    }

    private struct State {
        var lastID = 0
        var waiting: [Int: Waiter] = [:]
        var places: FairShare

        mutating func remove(_ id: Int) -> Waiter? {
            guard let waiter = waiting.removeValue(forKey: id) else { return nil }
            places.release(waiter.requester)
            return waiter
        }
    }

    private let state: Mutex<State>
    private let time: Timing

    /// - Parameter maxWaiters: how many callers may wait; more are refused as `overloaded`.
    init(maxWaiters: Int, time: Timing) {
        state = Mutex(State(places: FairShare(maxWaiters)))
        self.time = time
    }

    /// Waits until ``release(_:)`` is called or the deadline is reached.
    ///
    /// - Parameters:
    ///   - requester: the caller, whose share of the waiters is limited (``FairShare``); nil for Latchkey itself.
    ///   - timeoutFault: the result at the deadline.
    ///   - completion: called once.
    func wait(
        for requester: Requester?, until deadline: MonotonicTime,
        timeoutFault: @escaping @Sendable () -> UpstreamFault,
        _ completion: @escaping Completion
    ) {
        let id: Int? = state.withLock { state in
            guard state.places.take(requester) else { return nil }
            state.lastID += 1
            state.waiting[state.lastID] = Waiter(completion: completion, requester: requester)
            return state.lastID
        }
        guard let id else { return completion(UpstreamFault(.overloaded, retryAfter: .seconds(1))) }
        let time = time
        let timer = Task { [weak self] in
            await time.sleep(deadline)
            self?.state.withLock { $0.remove(id) }?.completion(timeoutFault())
        }
        state.withLock { state in
            if state.waiting[id] == nil { timer.cancel() } else { state.waiting[id]?.timer = timer }
        }
    }

    /// Ends the wait of all callers.
    ///
    /// - Parameter fault: nil if the backend is known.
    func release(_ fault: UpstreamFault?) {
        let waiting = state.withLock { state in
            state.waiting.keys.map { $0 }.compactMap { state.remove($0) }
        }
        for waiter in waiting {
            waiter.timer?.cancel()
            waiter.completion(fault)
        }
    }
}
