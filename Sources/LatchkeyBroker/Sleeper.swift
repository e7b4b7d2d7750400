package import LatchkeyCore

/// Waits for a point on the monotonic clock. Tests pass one that moves with their own clock.
package struct Sleeper: Sendable {
    /// Returns at the given time, or early when the task is cancelled.
    package var sleep: @Sendable (MonotonicTime) async -> Void

    package init(_ sleep: @escaping @Sendable (MonotonicTime) async -> Void) { self.sleep = sleep }

    /// Real waiting on Swift's continuous clock, which is Linux's CLOCK_BOOTTIME as ``MonotonicTime`` is.
    package static let system = Sleeper { deadline in
        // The only error is cancellation, and returning early is what it asks for.
        try? await Task.sleep(for: deadline - .current, clock: .continuous)
    }
}
