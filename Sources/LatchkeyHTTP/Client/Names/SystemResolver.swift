internal import Glibc
package import LatchkeyNet

/// The C library's resolver: `/etc/hosts`, DNS and whatever else nsswitch.conf(5) names.
package enum SystemResolver {
    /// Addresses taken of one name.
    package static let maxAddresses = 16

    /// The addresses of a host in the order in which they are to be tried (RFC 6724), port 0. Blocks for as long as
    /// resolv.conf(5) lets the resolver wait. Empty when the name has no address or the resolver failed.
    package static func lookUp(_ host: String) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // Only families this machine has an address of (RFC 3493 §6.1).
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = list
        while let current = entry?.pointee, addresses.count < maxAddresses {
            if let address = current.ai_addr, let found = SocketAddress(address, length: current.ai_addrlen),
                !addresses.contains(found)
            {
                addresses.append(found)
            }
            entry = current.ai_next
        }
        return addresses
    }
}
