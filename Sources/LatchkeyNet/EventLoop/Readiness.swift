/// The events that a descriptor waits for or is ready for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Bytes to read, a connection to accept, or the end of the peer's data.
    package static let read = Readiness(rawValue: 0x001)  // EPOLLIN
    package static let write = Readiness(rawValue: 0x004)  // EPOLLOUT
    /// The socket has a pending error. Always reported.
    package static let error = Readiness(rawValue: 0x008)  // EPOLLERR
    /// Both directions are closed. Always reported.
    package static let hangUp = Readiness(rawValue: 0x010)  // EPOLLHUP
    /// Of several event loops that wait for the same descriptor, the kernel wakes one and not all (epoll_ctl(2)). Only
    /// for a registration, whose interest cannot be changed then.
    package static let exclusive = Readiness(rawValue: 1 << 28)  // EPOLLEXCLUSIVE

    /// Whether a socket is broken: it has an error, or both directions are closed and nothing is left to read.
    @inline(__always)
    package var isBroken: Bool { contains(.error) || (contains(.hangUp) && !contains(.read)) }

    /// Written out, because that of `SetAlgebra` is not inlined into other modules.
    package func contains(_ other: Readiness) -> Bool { rawValue & other.rawValue == other.rawValue }
}
