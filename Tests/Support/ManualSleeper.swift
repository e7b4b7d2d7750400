package import LatchkeyCore
internal import Synchronization

/// Wakes those who wait for a point in time when the test moves the clock.
package final class ManualSleeper: Sendable {
    private let sleeping = Mutex<[Int: (MonotonicTime, CheckedContinuation<Void, Never>)]>([:])
    private let lastID = Mutex(0)
    private let clock: ManualClock

    package init(_ clock: ManualClock) { self.clock = clock }

    /// Returns once the clock has been moved to the deadline, or the task is cancelled.
    package func sleep(until deadline: MonotonicTime) async {
        let id = lastID.withLock { last in
            last += 1
            return last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = sleeping.withLock { sleeping in
                    if clock.now.monotonic >= deadline || Task.isCancelled { return true }
                    sleeping[id] = (deadline, continuation)
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            sleeping.withLock { $0.removeValue(forKey: id)?.1 }?.resume()
        }
    }

    /// Moves the clock, then wakes whoever is due.
    package func advance(by duration: Duration) {
        clock.advance(by: duration)
        let now = clock.now.monotonic
        let due = sleeping.withLock { sleeping in
            let due = sleeping.filter { $0.value.0 <= now }
            for id in due.keys { sleeping[id] = nil }
            return due.values.map(\.1)
        }
        for each in due { each.resume() }
    }
}
