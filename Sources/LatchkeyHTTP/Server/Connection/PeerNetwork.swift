internal import LatchkeyNet

/// Where a connection comes from, as coarse as one person can change it: an IPv4 address, the /64 network of an IPv6
/// address, or a user of this machine.
package enum PeerNetwork: Hashable, Sendable, CustomStringConvertible {
    /// An address in network order. IPv4 addresses that are mapped to IPv6 count as IPv4 (RFC 4291 §2.5.5.2).
    case ipv4(UInt32)
    /// The first eight bytes of an address, in network order.
    case ipv6(UInt64)
    /// The user at the other end of a Unix socket.
    case user(UInt32)
    case unknown

    /// - Parameters:
    ///   - user: the process at the other end, if the socket is a Unix socket.
    ///   - descriptor: the socket. Its address is read with a system call.
    init(_ user: UnixPeer?, orAddressOf descriptor: Int32) {
        self = user.map { .user($0.user) } ?? PeerNetwork(SocketAddress(connectedTo: descriptor))
    }

    /// - Parameter address: nil if it is unknown.
    init(_ address: SocketAddress?) {
        switch address {
        case .ipv4(let address, _): self = .ipv4(address)
        case .ipv6(let bytes, _, _) where bytes.count == 16:
            let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            self =
                isMapped
                ? .ipv4(bytes[12...].withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) })
                : .ipv6(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        case .ipv6, .unix, nil: self = .unknown
        }
    }

    /// `192.0.2.1`, `2001:db8::/64` or `unix:uid=1000`.
    package var description: String {
        switch self {
        case .ipv4(let address): String("\(SocketAddress.ipv4(address, port: 0))".dropLast(2))
        case .ipv6(let prefix):
            String(
                "\(SocketAddress.ipv6(withUnsafeBytes(of: prefix) { [UInt8]($0) } + [UInt8](repeating: 0, count: 8), port: 0, scope: 0))"
                    .dropFirst().dropLast(3)) + "/64"
        case .user(let user): "unix:uid=\(user)"
        case .unknown: "unknown"
        }
    }
}
