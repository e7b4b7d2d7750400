package import LatchkeyNet

/// What the connections of one listener have in common. Each connection keeps it.
package struct ListenerTraits: Hashable, Sendable {
    /// Whether the peer starts with a TLS handshake.
    package var usesTLS = false
    /// Whether it is a Unix socket, whose peers the kernel knows.
    package var isUnix = false
    /// Whether only this machine can connect: the listener is on a loopback address or a Unix socket.
    package var isLocal = false
    /// Whether it is the probe listener, which has only the routes for probes.
    package var isProbe = false

    package init() {}

    /// The traits of a listener on `address`. Connections of a Unix socket use no TLS, because their peers are on the same
    /// machine. Probes use none either.
    ///
    /// - Parameters:
    ///   - servesTLS: whether the server serves TLS.
    ///   - isProbe: whether it is the probe listener.
    package init(_ address: SocketAddress, servesTLS: Bool, isProbe: Bool) {
        if case .unix = address { isUnix = true }
        usesTLS = servesTLS && !isUnix && !isProbe
        isLocal = address.isLoopback
        self.isProbe = isProbe
    }
}
