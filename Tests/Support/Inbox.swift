internal import Synchronization

/// Collects values from any thread. A test waits for the number that it expects.
package final class Inbox<Value: Sendable>: Sendable {
    private struct State {
        var values: [Value] = []
        var waiting: [(count: Int, CheckedContinuation<Void, Never>)] = []
    }
    private let state = Mutex(State())

    package init() {}

    package var values: [Value] { state.withLock { $0.values } }
    package var count: Int { state.withLock { $0.values.count } }

    package func put(_ value: Value) {
        let ready = state.withLock { state in
            state.values.append(value)
            let count = state.values.count
            let ready = state.waiting.filter { $0.count <= count }
            state.waiting.removeAll { $0.count <= count }
            return ready.map(\.1)
        }
        for continuation in ready { continuation.resume() }
    }

    /// All values, once there are at least `count`.
    @discardableResult
    package func first(_ count: Int) async -> [Value] {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state in
                if state.values.count < count { state.waiting.append((count, continuation)) }
                return state.values.count >= count
            }
            if ready { continuation.resume() }
        }
        return values
    }
}
