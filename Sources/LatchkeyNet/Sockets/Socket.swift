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

    /// A listening socket.
    ///
    /// Sets `SO_REUSEADDR` but not `SO_REUSEPORT`: a second process on the same port must fail and not receive half of
    /// the connections. A Unix socket has mode 0660 and replaces one that a dead process left at the path. A lock on
    /// the folder makes sure that of two processes starting at once the second one finds the socket of the first.
    ///
    /// - Throws: the call that failed. `EADDRINUSE` if another process listens at the path, `EEXIST` if something other
    ///   than a socket is there, which is not touched.
    package static func listening(on address: SocketAddress, backlog: Int32 = 1024) throws(SystemError) -> Socket {
        let socket = try open(family: address.family)
        socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
        if case .ipv6 = address { socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        guard case .unix(let path) = address else {
            try socket.bindAndListen(address, backlog)
            return socket
        }
        // The socket is created under a shorter name first, so bind(2) would not notice a path too long to connect to.
        guard address.withSockaddr({ _, _ in true }) != nil else {
            throw SystemError(call: "bind", errno: ENAMETOOLONG)
        }
        let lock = FolderLock(of: path)
        try removeStale(path)
        try socket.listen(at: path, backlog)
        _ = consume lock
        return socket
    }

    /// Listens under a temporary name and then links the socket to `path`, so that no client meets a socket that is
    /// bound and does not listen yet.
    private func listen(at path: String, _ backlog: Int32) throws(SystemError) {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        let temporary = "\(folder).\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        guard temporary.utf8.count <= path.utf8.count else { return try bindAndListen(.unix(path: path), backlog) }
        defer { unlink(temporary) }
        try bindAndListen(.unix(path: temporary), backlog)
        guard link(temporary, path) != 0 else { return }
        if errno == EEXIST { throw SystemError(call: "bind", errno: EADDRINUSE) }
        // A file system without hard links.
        if rename(temporary, path) != 0 { throw .last("rename") }
    }

    private func bindAndListen(_ address: SocketAddress, _ backlog: Int32) throws(SystemError) {
        let bound = address.withSockaddr { bind(descriptor, $0, $1) }
        guard let bound else { throw SystemError(call: "bind", errno: ENAMETOOLONG) }
        if bound != 0 { throw .last("bind") }
        if case .unix(let path) = address { chmod(path, 0o660) }
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

    /// Removes the socket at `path` if no process listens on it, which refuses connections (connect(2)).
    ///
    /// - Throws: `EADDRINUSE` or `EEXIST`, as ``listening(on:backlog:)`` describes.
    private static func removeStale(_ path: String) throws(SystemError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard let file = UnixSocketFile(at: path) else { throw SystemError(call: "bind", errno: EEXIST) }
        var outcome = Connecting.inProgress
        let probe = try connecting(to: .unix(path: path), outcome: &outcome)
        guard outcome == .failed(errno: ECONNREFUSED) else { throw SystemError(call: "bind", errno: EADDRINUSE) }
        file.remove()
        _ = consume probe
    }
}
