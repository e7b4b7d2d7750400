internal import Glibc

/// A point on the machine's monotonic clock, in nanoseconds since boot, suspend included.
///
/// Deadlines and ages use this clock. It does not jump when the wall clock is set. Arithmetic saturates.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since boot.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (time: Self, duration: Duration) -> Self {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
        return Self(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The time from `earlier` to `later`; negative if `later` is the earlier one.
    package static func - (later: Self, earlier: Self) -> Duration {
        let (difference, overflow) = later.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        return .nanoseconds(overflow ? (later > earlier ? .max : .min) : difference)
    }

    /// A deadline that is never reached.
    package static let distantFuture = Self(nanoseconds: .max)

    /// CLOCK_BOOTTIME now. Only event loops and ``Timing/system`` read it; other code is given the time.
    package static var current: MonotonicTime { MonotonicTime(nanoseconds: SystemClock.nanoseconds(CLOCK_BOOTTIME)) }
}
