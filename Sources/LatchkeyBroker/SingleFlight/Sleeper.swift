package import LatchkeyCore

/// Waits for a point on the monotonic clock. Tests pass one that follows their own clock.
package struct Sleeper: Sendable {
    /// Returns at the given time, or earlier if the task is cancelled.
    package var sleep: @Sendable (MonotonicTime) async -> Void

    package init(_ sleep: @escaping @Sendable (MonotonicTime) async -> Void) { self.sleep = sleep }

    /// Sleeps on Swift's continuous clock, which is CLOCK_BOOTTIME on Linux, as ``MonotonicTime`` is.
    package static let system = Sleeper { deadline in
        // The only error is cancellation, which ends the sleep early as documented.
        try? await Task.sleep(for: deadline - .current, clock: .continuous)
    }
}
