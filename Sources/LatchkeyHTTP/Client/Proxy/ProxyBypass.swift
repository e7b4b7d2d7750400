internal import Glibc
internal import LatchkeyNet

/// Which hosts are reached without a proxy.
package struct ProxyBypass: Hashable, Sendable {
    /// `*` alone: every host.
    private let isEverything: Bool
    /// Lower case, without dots before them.
    private let names: [String]

    /// Reads `NO_PROXY` as botocore does, which is as Python's urllib does: a comma list of names, each good for itself
    /// and for all names below it, with or without a port; `*` as the whole value is every host. Address ranges and
    /// other wildcards are names that nobody has.
    package init(_ text: String) {
        isEverything = text == "*"
        names = text.split(separator: ",").map { item in
            let name = Self.trimmed(item).drop { $0 == "." }
            return name.lowercased()
        }.filter { !$0.isEmpty }
    }

    /// Whether the origin is reached without a proxy: it is named in the list, or it is this machine or its own link.
    package func contains(_ origin: Origin) -> Bool {
        if isEverything || Self.isLocal(origin.host) { return true }
        let authority = origin.authority.lowercased()
        let host = origin.host.lowercased()
        let bracketed = host.contains(":") ? "[\(host)]" : host
        return names.contains { name in
            [host, bracketed, authority].contains { $0 == name || $0.hasSuffix(".\(name)") }
        }
    }

    /// Whether a host is this machine, or a place that only this machine reaches: loopback and link-local addresses,
    /// among them the metadata and container services of AWS. A proxy could not reach it, and the credentials for it
    /// must not leave the machine. Names are not looked up.
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
        // What else the resolver takes for an IPv4 address, such as 127.1 (inet_aton(3)).
        var four = in_addr()
        return inet_aton(host, &four) != 0 && isLocal(UInt32(bigEndian: four.s_addr))
    }

    /// 127.0.0.0/8, 0.0.0.0 and 169.254.0.0/16 (RFC 6890).
    private static func isLocal(_ address: UInt32) -> Bool {
        address >> 24 == 127 || address == 0 || address >> 16 == 0xA9FE
    }

    /// `::1`, `::`, fe80::/10, IPv4 inside IPv6, and fd00:ec2::/32, where AWS has its own services.
    private static func isLocal(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 16 else { return false }
        if bytes.dropLast().allSatisfy({ $0 == 0 }) { return bytes[15] <= 1 }
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return isLocal(bytes[12...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        }
        return (bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80) || bytes[..<4] == [0xFD, 0x00, 0x0E, 0xC2]
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let isBlank: (Character) -> Bool = { $0.isWhitespace }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
