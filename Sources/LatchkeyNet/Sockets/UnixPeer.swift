internal import Glibc

/// The process at the other end of a Unix socket, as the kernel noted it when the process connected (unix(7),
/// `SO_PEERCRED`). The process can have passed its connection to another one since.
package struct UnixPeer: Hashable, Sendable {
    /// The id of the process; 0 if it is in a PID namespace that this process does not see.
    package let process: Int32
    /// The effective user id; 65534 for a user whom this process's user namespace does not have.
    package let user: UInt32
    /// The effective group id.
    package let group: UInt32

    package init(process: Int32, user: UInt32, group: UInt32) {
        self.process = process
        self.user = user
        self.group = group
    }

    /// `struct ucred`, which glibc declares only with `_GNU_SOURCE`.
    private struct Credentials {
        var process: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
    }

    /// The peer of a connected socket; nil if it is not a Unix socket.
    init?(of descriptor: Int32) {
        var peer = Credentials()
        var length = socklen_t(MemoryLayout<Credentials>.size)
        // A socket of another family has the ids -1.
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0, peer.user != .max else {
            return nil
        }
        self.init(process: peer.process, user: peer.user, group: peer.group)
    }
}
