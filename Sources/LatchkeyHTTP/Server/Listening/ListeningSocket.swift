internal import LatchkeyNet

/// A listening socket in a class, so that it can be stored in an array until its event loop registers it.
final class ListeningSocket: Sendable {
    let socket: Socket
    /// The bound address, with the real port when port 0 was requested.
    let address: SocketAddress
    /// The file of a Unix socket that this process has created; nil otherwise.
    let file: UnixSocketFile?

    /// What its connections have in common. Those of a Unix socket use no TLS, because their peers are on the same machine.
    ///
    /// - Parameter servesTLS: whether the server serves TLS.
    func traits(servesTLS: Bool) -> ListenerTraits {
        var traits = ListenerTraits()
        traits.isLocal = address.isLoopback
        if case .unix = address { return traits }
        traits.usesTLS = servesTLS
        return traits
    }

    /// A socket that is already listening.
    init(_ inherited: InheritedSocket) {
        socket = inherited.take()
        address = inherited.address
        file = nil
    }

    init(on address: SocketAddress) throws(SystemError) {
        socket = try .listening(on: address)
        if case .unix(let path) = address {
            file = UnixSocketFile(at: path)
            self.address = address
        } else {
            file = nil
            self.address = socket.localAddress ?? address
        }
    }
}
