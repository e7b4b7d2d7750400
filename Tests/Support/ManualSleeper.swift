package import LatchkeyCore
internal import Synchronization

/// Sleeps that end when the test moves the clock.
package final class ManualSleeper: Sendable {
    private struct State {
        var sleeping: [Int: (until: MonotonicTime, CheckedContinuation<Void, Never>)] = [:]
        var lastID = 0
    }

    private let state = Mutex(State())
    private let clock: ManualClock

    package init(_ clock: ManualClock) { self.clock = clock }

    /// The deadlines of the sleeps under way, the earliest first.
    package var times: [MonotonicTime] { state.withLock { $0.sleeping.values.map(\.until).sorted() } }

    /// The clock and this sleep as the product takes them, with jitter that is always 0.5.
    package var source: Timing { Timing(now: { self.clock.now }, sleep: sleep(until:), jitter: { 0.5 }) }

    /// Returns when the clock has been moved to `deadline`, or early if the task is cancelled.
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

    /// Moves the clock and ends the sleeps that are due.
    package func advance(by duration: Duration) {
        clock.advance(by: duration)
        let now = clock.now.monotonic
        let due = state.withLock { state in
            let due = state.sleeping.filter { $0.value.until <= now }
            for id in due.keys { state.sleeping[id] = nil }
            return due.values.map(\.1)
        }
        for continuation in due { continuation.resume() }
    }
}
