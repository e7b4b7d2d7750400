internal import Glibc

/// The kernel's clocks.
enum SystemClock {
    /// The reading of one clock. CLOCK_BOOTTIME and CLOCK_REALTIME always exist on Linux, so the call cannot fail.
    static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var value = timespec()
        clock_gettime(clock, &value)
        return Int64(value.tv_sec) &* 1_000_000_000 &+ Int64(value.tv_nsec)
    }
}
