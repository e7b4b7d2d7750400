internal import LatchkeyCore
internal import Synchronization

/// Callers that came before it was known which backend is in force: they wait for it until their own deadline.
final class BackendWaiters: Sendable {
    /// What a waiting caller is told: nothing once the backend is known, else why it is not.
    typealias Completion = @Sendable (UpstreamFault?) -> Void

    private struct Waiter {
        let completion: Completion
        /// Ends the wait at the caller's deadline.
        var timer: Task<Void, Never>?
    }

    private struct State {
        var next = 0
        var waiting: [Int: Waiter] = [:]
    }

    private let state = Mutex(State())
    private let maximum: Int
    private let sleeper: Sleeper

    /// - Parameter maximum: callers that wait at the same time; more are refused as `overloaded`.
    init(maximum: Int, sleeper: Sleeper) {
        self.maximum = maximum
        self.sleeper = sleeper
    }

    /// Calls `completion` once, when ``release(_:)`` is called or the deadline has come, with `late()` then.
    func wait(
        until deadline: MonotonicTime, late: @escaping @Sendable () -> UpstreamFault,
        _ completion: @escaping Completion
    ) {
        let number: Int? = state.withLock { state in
            guard state.waiting.count < maximum else { return nil }
            state.next += 1
            state.waiting[state.next] = Waiter(completion: completion)
            return state.next
        }
        guard let number else { return completion(UpstreamFault(.overloaded, retryAfter: .seconds(1))) }
        let sleeper = sleeper
        let timer = Task { [weak self] in
            await sleeper.sleep(deadline)
            self?.state.withLock { $0.waiting.removeValue(forKey: number) }?.completion(late())
        }
        state.withLock { state in
            if state.waiting[number] == nil { timer.cancel() } else { state.waiting[number]?.timer = timer }
        }
    }

    /// Lets all who wait go on, or ends their wait with a fault.
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
