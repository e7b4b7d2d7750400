internal import Glibc
package import LatchkeyNet

/// The resolver of the C library: `/etc/hosts`, DNS, and other sources of nsswitch.conf(5).
package enum SystemResolver {
    /// The maximum number of addresses of one name.
    package static let maxAddresses = 16

    /// The addresses of a host with port 0, in the order in which they are tried (RFC 6724). Empty when the name has no address
    /// or the resolver failed. Blocks for at most the timeouts of resolv.conf(5).
    package static func lookUp(_ host: String) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // Only address families that this machine has an address of (RFC 3493 §6.1).
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
