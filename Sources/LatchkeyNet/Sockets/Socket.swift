internal import CLinux
internal import Glibc

/// A non-blocking stream socket, closed when dropped.
package struct Socket: ~Copyable, Sendable {
    /// The open descriptor. Only this type closes it.
    package let descriptor: Int32

    /// Takes ownership of an open descriptor.
    package init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Gives up ownership without closing the descriptor, to hand it to another thread.
    package consuming func release() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    /// The result of a read or write.
    package enum Transfer: Equatable, Sendable {
        /// The number of bytes read or written. 0 bytes read: the peer has shut down its sending direction.
        case moved(Int)
        case wouldBlock
        /// The connection is broken: reset, broken pipe, or timed out by the kernel.
        case failed(errno: Int32)
    }

    /// The state of a connection attempt.
    package enum Connecting: Equatable, Sendable {
        case connected
        /// Wait until the socket is writable, then call ``pendingError()``.
        case inProgress
        case failed(errno: Int32)
    }

    /// A socket that listens on a TCP address.
    ///
    /// Sets `SO_REUSEADDR` but not `SO_REUSEPORT`: a second process on the same port must fail and not receive half of
    /// the connections. ``UnixSocketName`` is for the path of a Unix socket.
    ///
    /// - Parameter backlog: the most connections that wait to be accepted; the kernel's own limit applies, too.
    /// - Throws: the call that failed; `EADDRINUSE` if another process listens at the address.
    package static func listening(
        on address: SocketAddress, backlog: Int32 = defaultBacklog
    ) throws(SystemError) -> Socket {
        let socket = try bound(to: address)
        try socket.listen(backlog)
        return socket
    }

    /// The most connections that wait to be accepted, when no other number is given.
    package static let defaultBacklog: Int32 = 1024

    /// A socket that is bound to `address` and does not listen yet.
    static func bound(to address: SocketAddress) throws(SystemError) -> Socket {
        let socket = try open(family: address.family)
        if case .unix = address {} else { socket.set(SOL_SOCKET, SO_REUSEADDR, 1) }
        if case .ipv6 = address { socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        let bound = address.withSockaddr { bind(socket.descriptor, $0, $1) }
        guard let bound else { throw SystemError(call: "bind", errno: ENAMETOOLONG) }
        if bound != 0 { throw .last("bind") }
        return socket
    }

    func listen(_ backlog: Int32) throws(SystemError) {
        if Glibc.listen(descriptor, backlog) != 0 { throw .last("listen") }
    }

    /// A socket that is connecting to `address`.
    ///
    /// - Parameter outcome: the state of the attempt.
    /// - Throws: if no descriptor is left for the socket.
    package static func connecting(
        to address: SocketAddress, outcome: inout Connecting
    ) throws(SystemError) -> Socket {
        let socket = try open(family: address.family)
        if address.port != nil { socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1) }
        let result = address.withSockaddr { connect(socket.descriptor, $0, $1) }
        if result == 0 {
            outcome = .connected
        } else if result != nil, errno == EINPROGRESS || errno == EINTR {
            outcome = .inProgress
        } else {
            outcome = .failed(errno: result == nil ? ENAMETOOLONG : errno)
        }
        return socket
    }

    /// The next waiting connection, non-blocking and with `TCP_NODELAY`; nil if none waits.
    ///
    /// - Throws: if no descriptor is left, and errors of the listening socket itself.
    package func accept() throws(SystemError) -> Socket? {
        while true {
            let accepted = latchkey_accept4(descriptor, Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue))
            if accepted >= 0 {
                let socket = Socket(owning: accepted)
                socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)  // Has no effect on a Unix socket.
                return socket
            }
            switch errno {
            case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, EHOSTUNREACH, ENETUNREACH, ENOPROTOOPT, EOPNOTSUPP:
                continue  // The connection broke in the queue (accept(2)). Take the next one.
            case EAGAIN: return nil
            default: throw .last("accept4")
            }
        }
    }

    /// Reads available bytes, as many as fit into `buffer`.
    package func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return .moved(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed(errno: errno)
        }
    }

    /// Writes as many bytes as the kernel accepts. Never raises SIGPIPE.
    package func send(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        while true {
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .moved(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed(errno: errno)
        }
    }

    /// Shuts down the sending direction. Reading goes on.
    package func finishWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The result of a connection attempt: an `errno`, or 0 if it succeeded. Clears the socket's error.
    package func pendingError() -> Int32 {
        Self.option(SO_ERROR, of: descriptor) ?? errno
    }

    /// The process at the other end of an accepted Unix socket; nil for another family.
    package var unixPeer: UnixPeer? { UnixPeer(of: descriptor) }

    /// The address of the peer; nil if the socket is not connected.
    package var peerAddress: SocketAddress? { SocketAddress(connectedTo: descriptor) }

    /// The address that the socket is bound to, with the port that the kernel chose for port 0.
    package var localAddress: SocketAddress? { SocketAddress(boundTo: descriptor) }

    /// An integer option of level SOL_SOCKET; nil if getsockopt(2) fails.
    static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func open(family: Int32) throws(SystemError) -> Socket {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, kind, 0)
        if descriptor < 0 { throw .last("socket") }
        return Socket(owning: descriptor)
    }
}
