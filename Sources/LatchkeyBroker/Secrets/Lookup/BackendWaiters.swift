internal import LatchkeyCore
internal import Synchronization

/// Callers that wait until the backend is known, each until its own deadline.
final class BackendWaiters: Sendable {
    /// Gets nil once the backend is known, else why it is not.
    typealias Completion = @Sendable (UpstreamFault?) -> Void

    private struct Waiter {
        let completion: Completion
        /// Ends the wait at the caller's deadline.
        var timer: Task<Void, Never>?
    }

    private struct State {
        var lastID = 0
        var waiting: [Int: Waiter] = [:]
    }

    private let state = Mutex(State())
    private let maxWaiters: Int
    private let sleeper: Sleeper

    /// - Parameter maxWaiters: how many callers may wait; more are refused as `overloaded`.
    init(maxWaiters: Int, sleeper: Sleeper) {
        self.maxWaiters = maxWaiters
        self.sleeper = sleeper
    }

    /// Waits until ``release(_:)`` is called or the deadline is reached.
    ///
    /// - Parameters:
    ///   - timeoutFault: the result at the deadline.
    ///   - completion: called once.
    func wait(
        until deadline: MonotonicTime, timeoutFault: @escaping @Sendable () -> UpstreamFault,
        _ completion: @escaping Completion
    ) {
        let id: Int? = state.withLock { state in
            guard state.waiting.count < maxWaiters else { return nil }
            state.lastID += 1
            state.waiting[state.lastID] = Waiter(completion: completion)
            return state.lastID
        }
        guard let id else { return completion(UpstreamFault(.overloaded, retryAfter: .seconds(1))) }
        let sleeper = sleeper
        let timer = Task { [weak self] in
            await sleeper.sleep(deadline)
            self?.state.withLock { $0.waiting.removeValue(forKey: id) }?.completion(timeoutFault())
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
            defer { state.waiting = [:] }
            return state.waiting.values.map { $0 }
        }
        for waiter in waiting {
            waiter.timer?.cancel()
            waiter.completion(fault)
        }
    }
}
