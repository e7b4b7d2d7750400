internal import Glibc

/// A listening socket that a service manager opened and passed to this process (sd_listen_fds(3)).
package struct InheritedSocket: Hashable, Sendable {
    /// The first passed descriptor (SD_LISTEN_FDS_START).
    private static let firstDescriptor: Int32 = 3
    /// The most sockets that are accepted.
    static let maxCount = 64

    package let descriptor: Int32
    package let address: SocketAddress

    package init(descriptor: Int32, address: SocketAddress) {
        self.descriptor = descriptor
        self.address = address
    }

    /// The sockets that were passed to the process with this id. None if `LISTEN_PID` is not set or names another
    /// process. Programs that this process starts do not inherit the sockets.
    package static func all(
        environment: [String: String], process: Int32
    ) throws(InheritedSocketError) -> [InheritedSocket] {
        guard let owner = environment["LISTEN_PID"], Int32(owner) == process else { return [] }
        guard let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...Int32(maxCount)).contains(count) else {
            throw .count
        }
        var sockets: [InheritedSocket] = []
        for descriptor in firstDescriptor..<(firstDescriptor + count) {
            guard let address = listeningAddress(descriptor) else { throw .notListening(descriptor) }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            sockets.append(InheritedSocket(descriptor: descriptor, address: address))
        }
        return sockets
    }

    /// Takes ownership of the descriptor and makes it non-blocking. Call it once.
    package func take() -> Socket {
        let flags = fcntl(descriptor, F_GETFL)
        if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
        return Socket(owning: descriptor)
    }

    private static func listeningAddress(_ descriptor: Int32) -> SocketAddress? {
        guard Socket.option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue),
            Socket.option(SO_ACCEPTCONN, of: descriptor) == 1
        else { return nil }
        return SocketAddress(boundTo: descriptor)
    }
}
