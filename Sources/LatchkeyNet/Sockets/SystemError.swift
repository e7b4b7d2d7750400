internal import Glibc

/// A system call that failed, and its `errno`.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the call, as in its manual page.
    package let call: String
    package let errno: Int32

    package init(call: String, errno: Int32) {
        self.call = call
        self.errno = errno
    }

    /// The error of the call that has just failed on this thread. Must come before any call that may set `errno`.
    static func last(_ call: String) -> SystemError { SystemError(call: call, errno: Glibc.errno) }

    /// For example `bind: Address already in use`.
    package var description: String { "\(call): \(String(cString: strerror(errno)))" }

    /// A thread that was asked for did not start (pthread_create(3)).
    package static let noThread = SystemError(call: "pthread_create", errno: EAGAIN)

    /// Another process listens at the address.
    package var isAddressInUse: Bool { errno == EADDRINUSE }

    /// The machine does not have the address, or does not support its family.
    package var isAddressAbsent: Bool { errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT }

    /// The process may not do this.
    package var isPermissionDenied: Bool { errno == EPERM || errno == EACCES }

    /// Something other than a socket is at the path of a Unix socket.
    package var isPathTaken: Bool { errno == EEXIST }
}
