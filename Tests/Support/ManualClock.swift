package import LatchkeyCore
internal import Synchronization

/// A clock that moves only when a test moves it.
package final class ManualClock: Sendable {
    private let state: Mutex<Now>

    package init(wall: WallTime = WallTime(seconds: 1_700_000_000)) {
        state = Mutex(Now(monotonic: MonotonicTime(nanoseconds: 1_000_000_000_000), wall: wall))
    }

    /// Both clocks as they stand.
    package var now: Now { state.withLock { $0 } }

    /// The clock as the product takes it.
    package var source: TimeSource { TimeSource { self.now } }

    /// Lets time pass on both clocks.
    package func advance(by duration: Duration) {
        state.withLock {
            $0.monotonic = $0.monotonic + duration
            $0.wall = $0.wall + duration
        }
    }

    /// Sets the wall clock forward or back, as an administrator or NTP would; the monotonic clock stays.
    package func jumpWall(by duration: Duration) { state.withLock { $0.wall = $0.wall + duration } }
}

/// Waits for a point in time that never comes: until the task is cancelled. For what is told the time by a clock that a
/// test moves, and would otherwise wait by the machine's.
@Sendable package func untilCancelled(_: MonotonicTime) async {
    for await _ in AsyncStream<Never>.makeStream().stream {}
}
