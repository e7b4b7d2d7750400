internal import Glibc

/// A system call that failed: which one, and its `errno`.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call's name, as its manual page has it.
    package let call: String
    package let errno: Int32

    package init(call: String, errno: Int32) {
        self.call = call
        self.errno = errno
    }

    /// The error of the call that has just failed on this thread. Call it before anything else can touch `errno`.
    static func last(_ call: String) -> SystemError { SystemError(call: call, errno: Glibc.errno) }

    /// For example `bind: Address already in use`.
    package var description: String { "\(call): \(String(cString: strerror(errno)))" }

    /// The process or the machine has no descriptor left (EMFILE, ENFILE): worth waiting, not worth spinning.
    package var isDescriptorShortage: Bool { errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM }

    /// Somebody else listens there.
    package var isAddressInUse: Bool { errno == EADDRINUSE }

    /// The machine has no such address, or not that family of addresses.
    package var isAddressAbsent: Bool { errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT }

    /// The path of a Unix socket is taken by something that is no socket.
    package var isPathTaken: Bool { errno == EEXIST }
}
