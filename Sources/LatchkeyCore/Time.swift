internal import Glibc

/// A point on the machine's monotonic clock, in nanoseconds since boot, time asleep included.
///
/// Deadlines and ages use this; it never jumps when somebody sets the wall clock.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since boot.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// `time` moved by `duration`, saturating at the far end instead of trapping.
    package static func + (time: Self, duration: Duration) -> Self {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
        return Self(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The time from `earlier` to `later`; negative when they stand the other way round.
    package static func - (later: Self, earlier: Self) -> Duration {
        let (difference, overflow) = later.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        return .nanoseconds(overflow ? (later > earlier ? .max : .min) : difference)
    }

    /// A deadline nobody reaches.
    package static let distantFuture = Self(nanoseconds: .max)
}

/// A point on the wall clock, in milliseconds since 1970-01-01T00:00:00Z (the unit the shared token cache uses).
package struct WallTime: Hashable, Comparable, Sendable {
    /// Milliseconds since the Unix epoch.
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Seconds since the Unix epoch, saturating for values no calendar holds.
    package init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        milliseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    /// Whole seconds since the Unix epoch, rounded down.
    package var seconds: Int64 {
        milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0)
    }

    package static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    /// `time` moved by `duration`, saturating.
    package static func + (time: Self, duration: Duration) -> Self {
        let (sum, overflow) = time.milliseconds.addingReportingOverflow(duration.clampedNanoseconds / 1_000_000)
        return Self(milliseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The time from `earlier` to `later`; negative when they stand the other way round.
    package static func - (later: Self, earlier: Self) -> Duration {
        let (difference, overflow) = later.milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return .milliseconds(overflow ? (later > earlier ? .max : .min) : difference)
    }
}

/// Both clocks read at once: what every decision that depends on time is given.
package struct Now: Hashable, Sendable {
    package var monotonic: MonotonicTime
    package var wall: WallTime

    package init(monotonic: MonotonicTime, wall: WallTime) {
        self.monotonic = monotonic
        self.wall = wall
    }
}

/// Where time comes from. The product uses ``system``; tests pass a closure over a clock they move by hand.
package struct TimeSource: Sendable {
    /// Reads both clocks.
    package var now: @Sendable () -> Now

    package init(now: @escaping @Sendable () -> Now) { self.now = now }

    /// CLOCK_BOOTTIME (goes on while the process is stopped or the machine sleeps) and CLOCK_REALTIME.
    package static let system = TimeSource {
        Now(monotonic: .current, wall: WallTime(milliseconds: read(CLOCK_REALTIME) / 1_000_000))
    }
}

extension MonotonicTime {
    /// The system's monotonic clock now. Only the edges (event loops, `TimeSource.system`) read it.
    package static var current: MonotonicTime { MonotonicTime(nanoseconds: read(CLOCK_BOOTTIME)) }
}

/// One clock in nanoseconds. The clocks named here always exist on Linux, so the call cannot fail.
private func read(_ clock: clockid_t) -> Int64 {
    var value = timespec()
    clock_gettime(clock, &value)
    return Int64(value.tv_sec) &* 1_000_000_000 &+ Int64(value.tv_nsec)
}

extension Duration {
    /// Whole nanoseconds, clamped to what an Int64 holds (292 years).
    package var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds as a floating-point number, for metrics and messages.
    package var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
