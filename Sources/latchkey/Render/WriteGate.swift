internal import Synchronization

/// Lets a process end only when no file is being written and no command runs.
final class WriteGate: Sendable {
    private struct State {
        var isBusy = false
        var isStopping = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Must be called before the work; then ``end()`` after it. False if the process is about to end.
    func begin() -> Bool {
        state.withLock { state in
            guard !state.isStopping else { return false }
            state.isBusy = true
            return true
        }
    }

    func end() {
        let waiting = state.withLock { state in
            state.isBusy = false
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    /// Returns when no work is being done. None begins afterwards. Must be called once.
    func stop() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isStopping = true
                if state.isBusy { state.waiting = continuation }
                return !state.isBusy
            }
            if isIdle { continuation.resume() }
        }
    }
}
