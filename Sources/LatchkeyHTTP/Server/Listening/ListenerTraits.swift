/// What the connections of one listener have in common.
package struct ListenerTraits: Hashable, Sendable {
    /// Whether the peer starts with a TLS handshake.
    package var usesTLS = false
    /// Whether only this machine can connect: the listener is on a loopback address or a Unix socket.
    package var isLocal = false

    /// Whether it is the probe listener, which has only the routes for probes.
    package var isProbe = false

    package init() {}
}
