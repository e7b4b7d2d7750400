internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyNet

extension ListenAddress {
    /// Reads an item of `LATCHKEY_LISTEN`: `host:port`, `[v6]:port` or `unix:/path`; nil for anything else. The host is
    /// numeric, `localhost` for both loopback addresses (RFC 6761 §6.3), or `*` or empty for all addresses of the machine.
    init?(setting text: String) {
        if let path = SocketAddress.absolutePath(ofUnix: text) {
            self = .address(.unix(path: path))
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        let host = String(text[..<colon])
        if let name = Self.addresses(of: host, port) {
            self = .everyAddress(name)
            return
        }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        guard let address = SocketAddress(literal: isBracketed ? String(host.dropFirst().dropLast()) : host, port: port)
        else { return nil }
        if isBracketed, case .ipv4 = address { return nil }
        self = .address(address)
    }

    /// The addresses of `localhost`, `*` or an empty host, IPv4 first; nil for other hosts.
    private static func addresses(of host: String, _ port: UInt16) -> [SocketAddress]? {
        var name = host.utf8[...]
        if name.last == UInt8(ascii: "."), name.count > 1 { name = name.dropLast() }
        let isLocal = Substring(name).hasSameBytesInAnyCase(as: "localhost")
        guard isLocal || host.isEmpty || host == "*" else { return nil }
        let literals = isLocal ? ["127.0.0.1", "::1"] : ["0.0.0.0", "::"]
        return literals.compactMap { SocketAddress(literal: $0, port: port) }
    }
}

extension SocketAddress {
    /// The path of `unix:/path`; nil for other texts, relative paths, and paths that no socket can have.
    static func absolutePath(ofUnix text: String) -> String? {
        let start = "unix:/".utf8
        guard text.utf8.starts(with: start) else { return nil }
        let path = text.utf8.dropFirst(start.count - 1)
        guard (2...maxPathBytes).contains(path.count), !path.contains(0) else { return nil }
        return String(Substring(path))
    }
}
