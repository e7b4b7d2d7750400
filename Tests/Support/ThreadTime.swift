internal import Glibc

/// The processor time of this thread. Time in which other threads have the processor does not count.
package enum ThreadTime {
    /// The processor time that `work` took.
    package static func spent(_ work: () throws -> Void) rethrows -> Duration {
        let started = now
        try work()
        return now - started
    }

    private static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
