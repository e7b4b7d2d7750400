/// How the Unix sockets of a server are created.
package struct UnixSocketOptions: Hashable, Sendable {
    /// The permissions of the file: who may connect needs write permission (unix(7)).
    package var mode: UInt32 = 0o660
    /// The owner of the file; nil for the process's own user and group.
    package var owner: UnixSocketOwner.IDs?
    /// Whether the path of a socket that another process listens on is taken over.
    package var takesOver = false
    /// The most connections that wait to be accepted; the kernel's own limit applies, too.
    package var backlog = Socket.defaultBacklog

    package init() {}
}
