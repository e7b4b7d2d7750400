internal import Glibc
internal import LatchkeyNet

/// The hosts that are reached without a proxy.
package struct ProxyBypass: Hashable, Sendable {
    /// Whether the list is `*`: every host.
    private let isEverything: Bool
    /// In lower case, without leading dots.
    private let names: [String]

    /// Parses `NO_PROXY` like botocore, which follows Python's urllib.
    ///
    /// The value is a comma-separated list of names, with or without a port. Each name matches itself and its subdomains.
    /// The value `*` matches every host. Address ranges and other wildcards match nothing.
    package init(_ text: String) {
        isEverything = text == "*"
        names = text.split(separator: ",").map { item in
            let name = Self.trimmed(item).drop { $0 == "." }
            return name.lowercased()
        }.filter { !$0.isEmpty }
    }

    /// Whether the origin is reached without a proxy: it is in the list, on this machine or on its link.
    package func contains(_ origin: Origin) -> Bool {
        if isEverything || Self.isLocal(origin.host) { return true }
        let authority = origin.authority.lowercased()
        let host = origin.host.lowercased()
        let bracketed = Authority.bracketed(host)
        return names.contains { name in
            [host, bracketed, authority].contains { $0 == name || $0.hasSuffix(".\(name)") }
        }
    }

    /// Whether a host is this machine or on its own link: loopback and link-local addresses, including the instance metadata
    /// and container credential services of AWS. A proxy could not reach it, and its credentials must not leave the machine.
    /// Names are not looked up.
    package static func isLocal(_ host: String) -> Bool {
        var name = host.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        if name == "localhost" || name.hasSuffix(".localhost") { return true }
        switch SocketAddress(literal: host, port: 0) {
        case .ipv6(let bytes, _, _): return isLocal(bytes)
        case .ipv4(let address, _): return isLocal(UInt32(bigEndian: address))
        case .unix: return true
        case nil: break
        }
        // Other spellings that the resolver accepts as an IPv4 address, such as 127.1 (inet_aton(3)).
        var four = in_addr()
        return inet_aton(host, &four) != 0 && isLocal(UInt32(bigEndian: four.s_addr))
    }

    /// 127.0.0.0/8, 0.0.0.0 and 169.254.0.0/16 (RFC 6890).
    private static func isLocal(_ address: UInt32) -> Bool {
        address >> 24 == 127 || address == 0 || address >> 16 == 0xA9FE
    }

    /// `::1`, `::`, fe80::/10 (RFC 6890), IPv4-mapped addresses (RFC 4291 §2.5.5.2), and fd00:ec2::/32, the instance metadata
    /// and container credential services of AWS over IPv6.
    private static func isLocal(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 16 else { return false }
        if bytes.dropLast().allSatisfy({ $0 == 0 }) { return bytes[15] <= 1 }
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return isLocal(bytes[12...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        }
        return (bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80) || bytes[..<4] == [0xFD, 0x00, 0x0E, 0xC2]
    }

    /// `text` without white space at both ends.
    private static func trimmed(_ text: Substring) -> Substring {
        let isBlank: (Character) -> Bool = { $0.isWhitespace }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
