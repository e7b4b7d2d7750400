package import LatchkeyCore
internal import Synchronization

/// A clock that a test moves by hand.
package final class ManualClock: Sendable {
    private let state: Mutex<Now>

    package init(wall: WallTime = WallTime(seconds: 1_700_000_000)) {
        state = Mutex(Now(monotonic: MonotonicTime(nanoseconds: 1_000_000_000_000), wall: wall))
    }

    /// The present reading of both clocks.
    package var now: Now { state.withLock { $0 } }

    /// The clock as the product takes it. Its sleep is the system's; see ``ManualSleeper/source``.
    package var source: Timing { Timing { self.now } }

    /// Moves both clocks forward.
    package func advance(by duration: Duration) {
        state.withLock {
            $0.monotonic = $0.monotonic + duration
            $0.wall = $0.wall + duration
        }
    }

    /// Sets the wall clock forward or back, as an administrator or NTP does. The monotonic clock is not changed.
    package func jumpWall(by duration: Duration) { state.withLock { $0.wall = $0.wall + duration } }
}

/// A sleep that ends only when the task is cancelled. For code that reads a ``ManualClock`` and must not wait by the
/// machine's clock.
@Sendable package func untilCancelled(_: MonotonicTime) async {
    for await _ in AsyncStream<Never>.makeStream().stream {}
}
