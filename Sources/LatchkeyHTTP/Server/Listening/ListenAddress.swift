package import LatchkeyNet

/// One entry of the list of addresses to listen on.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    case address(SocketAddress)
    /// All addresses of one name, at one port. Addresses that the machine does not have are skipped if it has another: a
    /// machine without IPv6 has only one loopback address.
    case everyAddress([SocketAddress])
    /// A listening socket that another process has opened (socket activation). Its file is not removed at the end.
    case inherited(InheritedSocket)

    /// The addresses of the entry, including those that the machine may not have.
    package var addresses: [SocketAddress] {
        switch self {
        case .address(let address): [address]
        case .everyAddress(let addresses): addresses
        case .inherited(let socket): [socket.address]
        }
    }

    /// Whether another process has opened the socket.
    package var isInherited: Bool { if case .inherited = self { true } else { false } }

    /// Whether only this machine can connect to it.
    package var isLoopback: Bool { addresses.allSatisfy(\.isLoopback) }

    package var description: String { addresses.map(\.description).joined(separator: " and ") }
}
