/// Why the sockets that a service manager passed cannot be used.
package enum InheritedSocketError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `LISTEN_FDS` is not a number of descriptors.
    case count
    /// The descriptor is not a listening stream socket of a known family.
    case notListening(Int32)

    package var description: String {
        switch self {
        case .count: "LISTEN_FDS must be a number from 1 to \(InheritedSocket.maxCount)"
        case .notListening(let descriptor):
            "descriptor \(descriptor) from systemd is not a listening stream socket: check the socket unit"
        }
    }
}
