package import LatchkeyCore
internal import Synchronization

/// Sleepers that wake when the test moves the clock.
package final class ManualSleeper: Sendable {
    private struct State {
        var sleeping: [Int: (until: MonotonicTime, CheckedContinuation<Void, Never>)] = [:]
        var lastID = 0
    }

    private let state = Mutex(State())
    private let clock: ManualClock

    package init(_ clock: ManualClock) { self.clock = clock }

    /// The times that sleepers wait for now, the earliest first.
    package var times: [MonotonicTime] { state.withLock { $0.sleeping.values.map(\.until).sorted() } }

    /// Returns when the clock was moved to `deadline`, or early when the task is cancelled.
    @Sendable package func sleep(until deadline: MonotonicTime) async {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    if clock.now.monotonic >= deadline || Task.isCancelled { return true }
                    state.sleeping[id] = (deadline, continuation)
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleeping.removeValue(forKey: id)?.1 }?.resume()
        }
    }

    /// Moves the clock, then wakes whoever is due.
    package func advance(by duration: Duration) {
        clock.advance(by: duration)
        let now = clock.now.monotonic
        let due = state.withLock { state in
            let due = state.sleeping.filter { $0.value.until <= now }
            for id in due.keys { state.sleeping[id] = nil }
            return due.values.map(\.1)
        }
        for each in due { each.resume() }
    }
}
