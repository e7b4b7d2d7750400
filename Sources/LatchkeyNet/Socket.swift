internal import CLinux
internal import Glibc

/// A non-blocking stream socket, closed when dropped.
package struct Socket: ~Copyable, Sendable {
    /// The kernel's number for it; not to be closed by anybody else.
    package let descriptor: Int32

    /// Takes over an open descriptor.
    package init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Gives the descriptor up without closing it, for handing it to another thread.
    package consuming func release() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    /// What a read or a write came to.
    package enum Transfer: Equatable, Sendable {
        /// So many bytes moved; 0 on a read means that the peer has finished sending.
        case moved(Int)
        case wouldBlock
        /// The connection is gone (reset, broken pipe, timed out by the kernel).
        case failed(errno: Int32)
    }

    /// How a connection attempt stands.
    package enum Connecting: Equatable, Sendable {
        case connected
        /// Wait until the socket is writable, then ask ``pendingError()``.
        case inProgress
        case failed(errno: Int32)
    }

    /// A listening socket.
    ///
    /// `SO_REUSEADDR` alone, not `SO_REUSEPORT`: a second process on the same port must fail, not take half the
    /// callers. The socket that a dead process left at a Unix path is replaced, under a lock on the folder so that of two
    /// processes that start at once one finds the other's; its mode is 0660.
    /// - Throws: the call that failed, with its errno. `EADDRINUSE` where another process listens at the path, `EEXIST`
    ///   where something is there that is no socket: it is left alone.
    package static func listening(on address: SocketAddress, backlog: Int32 = 1024) throws(SystemError) -> Socket {
        let socket = try open(family: address.family)
        socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
        if case .ipv6 = address { socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        guard case .unix(let path) = address else {
            try socket.bindAndListen(address, backlog)
            return socket
        }
        // The socket is made under a shorter name first, so a path that no client can connect to would not be noticed.
        guard address.withSockaddr({ _, _ in true }) != nil else {
            throw SystemError(call: "bind", errno: ENAMETOOLONG)
        }
        let lock = FolderLock(of: path)
        try removeStale(path)
        try socket.listen(at: path, backlog)
        _ = consume lock
        return socket
    }

    /// Listens under a name of its own first and then puts that at `path`: whoever connects there is never refused by a
    /// socket that does not listen yet.
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

    /// A socket on its way to `address`.
    /// - Throws: when there is no descriptor left for it.
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

    /// The next waiting connection, non-blocking, with `TCP_NODELAY`; nil when none waits.
    /// - Throws: descriptor shortages and errors of the listening socket itself.
    package func accept() throws(SystemError) -> Socket? {
        while true {
            let accepted = latchkey_accept4(descriptor, Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue))
            if accepted >= 0 {
                let socket = Socket(owning: accepted)
                socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)  // fails harmlessly on a Unix socket
                return socket
            }
            switch errno {
            case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, EHOSTUNREACH, ENETUNREACH, ENOPROTOOPT, EOPNOTSUPP:
                continue  // the connection died in the queue (accept(2)): take the next
            case EAGAIN: return nil
            default: throw .last("accept4")
            }
        }
    }

    /// Reads what is there, as much as `buffer` holds.
    package func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return .moved(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed(errno: errno)
        }
    }

    /// Writes what the kernel takes. Never raises SIGPIPE.
    package func send(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        while true {
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .moved(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed(errno: errno)
        }
    }

    /// Tells the peer that nothing more comes; reading goes on.
    package func finishWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The error an attempt to connect ended in, 0 when it succeeded. Clears it.
    package func pendingError() -> Int32 {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &length) == 0 ? value : errno
    }

    /// The address the socket is bound to: how a port asked for as 0 is learned.
    package var localAddress: SocketAddress? { SocketAddress(boundTo: descriptor) }

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

    /// Removes the socket at `path` if nobody listens on it: a connection is then refused (connect(2)).
    /// - Throws: `EADDRINUSE` or `EEXIST`, as ``listening(on:backlog:)`` says.
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
