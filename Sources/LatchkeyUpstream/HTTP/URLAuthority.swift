internal import LatchkeyCore

/// Host and port of a URL (RFC 3986 §3.2.2, §3.2.3).
struct URLAuthority: Hashable, Sendable {
    /// A DNS name, an IPv4 address, or an IPv6 address without its brackets.
    let host: String
    /// 1 to 65535; nil if the URL has none.
    let port: UInt16?

    /// Parses `host[:port]` or `[v6][:port]`. Nil for anything else, user information included.
    init?(_ text: Substring) {
        var host = text
        var port: UInt16?
        let bracket = text.lastIndex(of: "]")
        if let colon = text.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true {
            let digits = text[text.index(after: colon)...]
            guard !digits.isEmpty, digits.utf8.allSatisfy(ASCII.isDigit), let number = UInt16(digits), number > 0
            else { return nil }
            port = number
            host = text[..<colon]
        }
        if bracket != nil {
            guard host.hasPrefix("["), host.hasSuffix("]") else { return nil }
            host = host.dropFirst().dropLast()
            guard host.contains(":"), host.utf8.allSatisfy({ Self.isAddress($0) }) else { return nil }
        } else {
            guard !host.isEmpty, host.utf8.allSatisfy({ Self.isName($0) }) else { return nil }
        }
        self.host = String(host)
        self.port = port
    }

    private static func isName(_ byte: UInt8) -> Bool {
        ASCII.isLetterOrDigit(byte) || "-._".utf8.contains(byte)
    }

    /// Hexadecimal digits and colons, and dots for an IPv4 address at the end.
    private static func isAddress(_ byte: UInt8) -> Bool {
        Hex.value(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }
}
