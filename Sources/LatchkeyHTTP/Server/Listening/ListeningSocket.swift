internal import LatchkeyNet

/// A listening socket that can wait in an array until its loop takes it.
final class ListeningSocket: Sendable {
    let socket: Socket
    /// Where it really listens: the port, where any was asked for.
    let address: SocketAddress
    /// The socket's file, where it is a Unix socket.
    let file: UnixSocketFile?

    /// A socket that listens already.
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
