package import LatchkeyHTTP

/// Where an issuer takes token requests, parsed and judged once, before any secret is sent there.
package struct TokenEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// Why a URL is not one to send a client secret to. The texts are for whoever wrote the setting.
    package enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// Not an absolute `https` or `http` URL with a host.
        case malformed
        /// `http` to a host that is not this machine.
        case plainText
        /// `user:password@` before the host (RFC 3986 §3.2.1).
        case userInfo
        /// A `#fragment`, which is never sent (RFC 6749 §3.2 forbids it).
        case fragment

        package var description: String {
            switch self {
            case .malformed: "not a URL of the form https://host[:port]/path"
            case .plainText: "http would send the client secret in the clear; use https (http is for loopback alone)"
            case .userInfo: "a token URL must not hold a user name or password; set the client id and secret instead"
            case .fragment: "a token URL must not have a fragment; remove what follows the #"
            }
        }
    }

    package let origin: Origin
    /// Path and query as sent; begins with `/`.
    package let target: String

    /// Parses an absolute URL: visible ASCII (RFC 3986 §2), host a DNS name, IPv4 or bracketed IPv6 literal.
    package init(_ url: String) throws(Refusal) {
        guard url.utf8.allSatisfy(Grammar.isVisible), !url.utf8.contains(UInt8(ascii: "\\")),
            let mark = url.firstRange(of: "://"),
            let scheme = Origin.Scheme(rawValue: url[..<mark.lowerBound].lowercased())
        else { throw .malformed }
        let rest = url[mark.upperBound...]
        guard !rest.contains("#") else { throw .fragment }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard !rest[..<end].contains("@") else { throw .userInfo }
        guard let (host, port) = Self.hostAndPort(rest[..<end]) else { throw .malformed }
        guard scheme == .https || Self.isLoopback(host) else { throw .plainText }
        origin = Origin(scheme: scheme, host: host, port: port)
        let path = rest[end...]
        target = path.hasPrefix("/") ? String(path) : "/" + path
    }

    /// An Auth0 tenant's endpoint, `https://<domain>/oauth/token`.
    ///
    /// People paste the domain with `https://` before it and a slash behind; both are taken off.
    package static func auth0(domain: String) throws(Refusal) -> TokenEndpoint {
        var host = Substring(domain)
        if host.lowercased().hasPrefix("https://") { host = host.dropFirst("https://".count) }
        if host.hasSuffix("/") { host = host.dropLast() }
        guard !host.contains(where: { "/?".contains($0) }) else { throw .malformed }
        return try TokenEndpoint("https://\(host)/oauth/token")
    }

    package var description: String { "\(origin.scheme.rawValue)://\(origin.authority)\(target)" }

    /// The tenant's own URL as Auth0 names itself: `https://<domain>/`.
    var issuer: String { "\(origin.scheme.rawValue)://\(origin.authority)/" }

    /// `host[:port]` or `[v6][:port]`, the host in lower case (RFC 3986 §3.2.2, §3.2.3).
    private static func hostAndPort(_ authority: Substring) -> (host: String, port: UInt16?)? {
        var host = authority
        var port: UInt16?
        let bracket = authority.lastIndex(of: "]")
        if let colon = authority.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true {
            let digits = authority[authority.index(after: colon)...]
            guard !digits.isEmpty, digits.utf8.allSatisfy(Grammar.isDigit), let number = UInt16(digits), number > 0
            else { return nil }
            port = number
            host = authority[..<colon]
        }
        if bracket != nil {
            guard host.hasPrefix("["), host.hasSuffix("]") else { return nil }
            host = host.dropFirst().dropLast()
            guard host.contains(":"), host.utf8.allSatisfy({ Self.isAddress($0) }) else { return nil }
        } else {
            guard !host.isEmpty, host.utf8.allSatisfy({ Self.isName($0) }) else { return nil }
        }
        return (host.lowercased(), port)
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func isAddress(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x46, 0x61...0x66, UInt8(ascii: "."): true
        default: false
        }
    }

    /// 127.0.0.0/8 (RFC 1122 §3.2.1.3), ::1 (RFC 4291 §2.5.3) and `localhost` (RFC 6761 §6.3).
    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil }
    }
}
