internal import Glibc

/// A listening socket that a service manager has opened and passed on (sd_listen_fds(3)).
package struct InheritedSocket: Hashable, Sendable {
    /// Why what was passed cannot be used.
    package enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// `LISTEN_FDS` is no number of descriptors.
        case count
        /// The descriptor is no listening stream socket of a known family.
        case noListener(Int32)

        package var description: String {
            switch self {
            case .count: "LISTEN_FDS must be a number from 1 to \(most)"
            case .noListener(let descriptor):
                "descriptor \(descriptor), which systemd passed, does not listen for streams"
            }
        }
    }

    /// The first descriptor that is passed.
    private static let first: Int32 = 3
    /// Sockets that are taken at the most.
    package static let most = 64

    package let descriptor: Int32
    package let address: SocketAddress

    package init(descriptor: Int32, address: SocketAddress) {
        self.descriptor = descriptor
        self.address = address
    }

    /// What was passed to the process of that id; none where `LISTEN_PID` names another one or is not set. Programs that
    /// this one starts do not inherit it.
    package static func all(
        environment: [String: String], process: Int32
    ) throws(Refusal) -> [InheritedSocket] {
        guard let owner = environment["LISTEN_PID"], Int32(owner) == process else { return [] }
        guard let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...Int32(most)).contains(count) else {
            throw .count
        }
        var sockets: [InheritedSocket] = []
        for descriptor in first..<(first + count) {
            guard let address = listeningAddress(descriptor) else { throw .noListener(descriptor) }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            sockets.append(InheritedSocket(descriptor: descriptor, address: address))
        }
        return sockets
    }

    /// Takes the descriptor over, without blocking from now on. To be called once.
    package func take() -> Socket {
        let flags = fcntl(descriptor, F_GETFL)
        if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
        return Socket(owning: descriptor)
    }

    private static func listeningAddress(_ descriptor: Int32) -> SocketAddress? {
        guard option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue), option(SO_ACCEPTCONN, of: descriptor) == 1
        else { return nil }
        return SocketAddress(boundTo: descriptor)
    }

    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }
}
