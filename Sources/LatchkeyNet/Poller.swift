internal import CLinux
internal import Glibc
internal import LatchkeyCore

/// What a registered descriptor waits for, and what it turned out to be ready for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Bytes to read, a connection to accept, or the end of what the peer sends.
    package static let read = Readiness(rawValue: 0x001)  // EPOLLIN
    package static let write = Readiness(rawValue: 0x004)  // EPOLLOUT
    /// An error waits on the socket. Reported without being asked for.
    package static let error = Readiness(rawValue: 0x008)  // EPOLLERR
    /// Both directions are closed. Reported without being asked for.
    package static let hangUp = Readiness(rawValue: 0x010)  // EPOLLHUP
}

/// epoll (level-triggered): the one place that knows it.
struct Poller: ~Copyable {
    private let epoll: Int32
    private let events: UnsafeMutableBufferPointer<epoll_event>

    /// - Parameter capacity: the most events taken in one turn; the rest come in the next.
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
        try control(EPOLL_CTL_ADD, descriptor, token, interest)
    }

    func modify(_ descriptor: Int32, token: UInt64, interest: Readiness) throws(SystemError) {
        try control(EPOLL_CTL_MOD, descriptor, token, interest)
    }

    /// Forgets a descriptor; one already closed is forgotten by the kernel itself.
    func remove(_ descriptor: Int32) { epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil) }

    /// Waits until something is ready or `deadline` comes; nil waits for ever.
    /// - Returns: how many events ``event(_:)`` has.
    func wait(until deadline: MonotonicTime?, now: MonotonicTime) -> Int {
        var milliseconds: Int32 = -1
        if let deadline {
            // Rounded up, so that a timer is due when the wait ends; a signal or a long sleep just ends the turn early.
            let left = max(0, (deadline - now).clampedNanoseconds)
            milliseconds = Int32(min((left &+ 999_999) / 1_000_000, 60_000))
        }
        let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), milliseconds)
        return max(0, Int(count))  // EINTR is the one error that can happen here: an empty turn
    }

    /// The n-th event of the last ``wait(until:now:)``.
    func event(_ index: Int) -> (token: UInt64, readiness: Readiness) {
        let event = events[index]
        return (event.data.u64, Readiness(rawValue: event.events))
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, _ token: UInt64, _ interest: Readiness
    ) throws(SystemError) {
        var event = epoll_event(events: interest.rawValue, data: epoll_data_t(u64: token))
        if epoll_ctl(epoll, operation, descriptor, &event) != 0 { throw .last("epoll_ctl") }
    }
}
