package import LatchkeyNet

/// One entry of a list of places to listen at.
package enum ListenPlace: Hashable, Sendable, CustomStringConvertible {
    case address(SocketAddress)
    /// All addresses of one name, at one port. One that the machine has not is passed over where it has another: a
    /// machine without IPv6 has one loopback address.
    case everyAddress([SocketAddress])
    /// A socket that somebody else has opened. Its file, where it has one, is not removed at the end.
    case inherited(InheritedSocket)

    /// Where it is, as far as the machine has it.
    package var addresses: [SocketAddress] {
        switch self {
        case .address(let address): [address]
        case .everyAddress(let addresses): addresses
        case .inherited(let socket): [socket.address]
        }
    }

    /// Whether only this machine can reach it.
    package var isLoopback: Bool { addresses.allSatisfy(\.isLoopback) }

    package var description: String { addresses.map(\.description).joined(separator: " and ") }
}
