internal import LatchkeyCore
package import LatchkeyCrypto

/// A forward proxy.
package struct ProxyServer: Hashable, Sendable, CustomStringConvertible {
    /// Why a setting is not the URL of a proxy. Never contains a credential.
    package enum ParseError: Error, Hashable, Sendable, CustomStringConvertible {
        case malformed
        /// A scheme other than http and https.
        case scheme(String)

        package var description: String {
            switch self {
            case .malformed: "must be http://[user:password@]host[:port]"
            case .scheme(let scheme): "\(scheme) proxies are not supported; name one of http:// or https://"
            }
        }
    }

    /// The scheme of the connection to the proxy: plain or over TLS.
    package let scheme: Origin.Scheme
    /// A DNS name or an IP literal; IPv6 without brackets.
    package let host: String
    package let port: UInt16
    /// The value of `Proxy-Authorization` (RFC 9110 §11.7.2, RFC 7617); nil when the URL has no user.
    package let authorization: Secret?

    /// Parses the URL of a proxy like botocore. The default scheme is `http`, default ports are 80 and 443, user and password
    /// are percent-encoded, and a path is ignored.
    package init(_ text: String) throws(ParseError) {
        var remaining = Substring(text)
        var scheme = Origin.Scheme.http
        if let mark = remaining.firstRange(of: "://") {
            let name = remaining[..<mark.lowerBound].lowercased()
            guard let known = Origin.Scheme(rawValue: name) else {
                throw name.utf8.allSatisfy(Grammar.isToken) && !name.isEmpty ? .scheme(name) : .malformed
            }
            scheme = known
            remaining = remaining[mark.upperBound...]
        } else if remaining.hasPrefix("//") {
            remaining = remaining.dropFirst(2)
        }
        remaining = remaining.prefix { !"/?#".contains($0) }
        self.scheme = scheme
        if let at = remaining.lastIndex(of: "@") {
            authorization = Self.basic(remaining[..<at])
            remaining = remaining[remaining.index(after: at)...]
        } else {
            authorization = nil
        }
        (host, port) = try Self.hostAndPort(remaining, defaultPort: scheme.defaultPort)
    }

    /// `host:port`, always with the port, as in messages.
    package var authority: String { "\(Authority.bracketed(host)):\(port)" }

    /// The URL without user and password.
    package var description: String { "\(scheme.rawValue)://\(authority)" }

    /// Appends the `Proxy-Authorization` field line, if the proxy has credentials.
    func appendAuthorization(to head: inout [UInt8]) {
        guard let authorization else { return }
        head.append(contentsOf: "Proxy-Authorization: ".utf8)
        authorization.withBytes { head.append(contentsOf: $0) }
        head.append(contentsOf: "\r\n".utf8)
    }

    package static func == (left: ProxyServer, right: ProxyServer) -> Bool {
        left.description == right.description && left.authorization == right.authorization
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(description) }

    /// Basic credentials (RFC 7617 §2). User and password are percent-decoded; a missing password is empty.
    private static func basic(_ userInfo: Substring) -> Secret {
        let colon = userInfo.firstIndex(of: ":") ?? userInfo.endIndex
        let password = userInfo[colon...].dropFirst()
        return Secret("Basic " + Base64.encode(decoded(userInfo[..<colon]) + [UInt8(ascii: ":")] + decoded(password)))
    }

    /// `text` with escapes decoded. A malformed escape stays as it is, as in Python's `unquote`.
    private static func decoded(_ text: Substring) -> [UInt8] {
        var decoded: [UInt8] = []
        var remaining = text.utf8[...]
        while let byte = remaining.popFirst() {
            let digits = remaining.prefix(2).compactMap(Hex.value)
            if byte == UInt8(ascii: "%"), digits.count == 2 {
                decoded.append(digits[0] << 4 | digits[1])
                remaining = remaining.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    private static func hostAndPort(
        _ authority: Substring, defaultPort: UInt16
    ) throws(ParseError) -> (host: String, port: UInt16) {
        guard !authority.isEmpty, Array(authority.utf8).withUnsafeBytes(Authority.isValid) else { throw .malformed }
        var host = authority
        var port = defaultPort
        let bracket = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[bracket...].lastIndex(of: ":") {
            let digits = authority[authority.index(after: colon)...]
            guard let number = digits.isEmpty ? defaultPort : UInt16(digits), number > 0 else { throw .malformed }
            port = number
            host = authority[..<colon]
        }
        if host.hasPrefix("[") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw .malformed }
        return (host.lowercased(), port)
    }
}
