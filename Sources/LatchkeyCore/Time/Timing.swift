/// The effects that involve time: reading the clocks, waiting, and jitter.
///
/// The product uses ``system``. Tests pass a clock that they move by hand, a sleep that follows that clock, and fixed
/// jitter.
package struct Timing: Sendable {
    /// Reads both clocks.
    package var now: @Sendable () -> Now
    /// Returns at the given time, or early if the task is cancelled.
    package var sleep: @Sendable (MonotonicTime) async -> Void
    /// A random number in 0..<1, uniformly distributed.
    package var jitter: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> Now,
        sleep: @escaping @Sendable (MonotonicTime) async -> Void = Self.systemSleep,
        jitter: @escaping @Sendable () -> Double = Self.randomJitter
    ) {
        self.now = now
        self.sleep = sleep
        self.jitter = jitter
    }

    /// CLOCK_BOOTTIME, which also counts while the machine is suspended, and CLOCK_REALTIME.
    package static let system = Timing { Now(monotonic: .current, wall: .current) }

    /// Waits on Swift's continuous clock, which is CLOCK_BOOTTIME on Linux, as ``MonotonicTime`` is.
    package static let systemSleep: @Sendable (MonotonicTime) async -> Void = { await sleepQueue.sleep(until: $0) }

    private static let sleepQueue = SleepQueue(now: { .current }) { deadline in
        // The only error is cancellation, after which an early return is wanted.
        try? await Task.sleep(for: deadline - .current, clock: .continuous)
    }

    /// Jitter from the system's random number generator.
    package static let randomJitter: @Sendable () -> Double = { .random(in: 0..<1) }
}
