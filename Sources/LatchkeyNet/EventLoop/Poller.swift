internal import CLinux
internal import Glibc
internal import LatchkeyCore

/// An epoll instance (level-triggered). No other code uses epoll.
struct Poller: ~Copyable {
    private let epoll: Int32
    private let events: UnsafeMutableBufferPointer<epoll_event>

    /// - Parameter capacity: the most events of one wait. Further events come with the next wait.
    init(capacity: Int = 256) throws(SystemError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        if epoll < 0 { throw .last("epoll_create1") }
        events = .allocate(capacity: capacity)
    }

    deinit {
        events.deallocate()
        close(epoll)
    }

    func add(_ descriptor: Int32, token: UInt64, interest: Readiness) throws(SystemError) {
        try control(EPOLL_CTL_ADD, descriptor, token: token, interest: interest)
    }

    func modify(_ descriptor: Int32, token: UInt64, interest: Readiness) throws(SystemError) {
        try control(EPOLL_CTL_MOD, descriptor, token: token, interest: interest)
    }

    /// Removes a descriptor. The kernel has removed it already if it was closed.
    func remove(_ descriptor: Int32) { epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil) }

    /// Waits until a descriptor is ready or `deadline` has come; without a deadline as long as it takes.
    ///
    /// - Returns: the number of events that ``event(_:)`` has.
    func wait(until deadline: MonotonicTime?, now: MonotonicTime) -> Int {
        var milliseconds: Int32 = -1
        if let deadline {
            // Rounded up, so that a timer is due when the wait ends. Ending early, at a signal or after the 60 s that
            // bound one wait, only costs an empty turn.
            let left = deadline > now ? deadline.nanoseconds - now.nanoseconds : 0
            milliseconds = Int32(min((left &+ 999_999) / 1_000_000, 60_000))
        }
        let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), milliseconds)
        return max(0, Int(count))  // The only possible error is EINTR.
    }

    /// Event number `index` of the last ``wait(until:now:)``.
    func event(_ index: Int) -> (token: UInt64, readiness: Readiness) {
        let event = events[index]
        return (event.data.u64, Readiness(rawValue: event.events))
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, token: UInt64, interest: Readiness
    ) throws(SystemError) {
        var event = epoll_event(events: interest.rawValue, data: epoll_data_t(u64: token))
        if epoll_ctl(epoll, operation, descriptor, &event) != 0 { throw .last("epoll_ctl") }
    }
}
