internal import LatchkeyCore
package import LatchkeyHTTP

/// The token endpoint of an issuer (RFC 6749 §3.2), validated before any secret is sent there.
package struct TokenEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// The URL must not receive a client secret. The texts are for the author of the setting.
    package enum Rejection: Error, Hashable, Sendable, CustomStringConvertible {
        /// Not an absolute `https` or `http` URL with a host.
        case malformed
        /// `http` to a host other than this machine.
        case plainText
        /// `user:password@` before the host (RFC 3986 §3.2.1).
        case userInfo
        /// A `#fragment` (RFC 6749 §3.2 forbids it).
        case fragment

        package var description: String {
            switch self {
            case .malformed: "not a URL of the form https://host[:port]/path"
            case .plainText:
                "http would send the client secret in the clear; use https (http is allowed only for loopback)"
            case .userInfo: "a token URL must not hold a user name or password; set the client id and secret instead"
            case .fragment: "a token URL must not have a fragment; remove what follows the #"
            }
        }
    }

    package let origin: Origin
    /// Path and query; begins with `/`.
    package let target: String

    /// Parses an absolute URL of visible ASCII (RFC 3986 §2).
    package init(_ url: String) throws(Rejection) {
        guard url.utf8.allSatisfy(ASCII.isVisible), !url.utf8.contains(UInt8(ascii: "\\")),
            let separator = url.firstRange(of: "://"),
            let scheme = Origin.Scheme(rawValue: url[..<separator.lowerBound].lowercased())
        else { throw .malformed }
        let rest = url[separator.upperBound...]
        guard !rest.contains("#") else { throw .fragment }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard !rest[..<end].contains("@") else { throw .userInfo }
        guard let authority = URLAuthority(rest[..<end]) else { throw .malformed }
        let host = authority.host.lowercased()
        guard scheme == .https || Loopback.contains(host) else { throw .plainText }
        origin = Origin(scheme: scheme, host: host, port: authority.port)
        let path = rest[end...]
        target = path.hasPrefix("/") ? String(path) : "/" + path
    }

    /// The endpoint of an Auth0 tenant, `https://<domain>/oauth/token`.
    ///
    /// - Parameter domain: `https://` before it and a slash after it are removed, because users paste it in that form.
    package static func auth0(domain: String) throws(Rejection) -> TokenEndpoint {
        var host = Substring(domain)
        if host.lowercased().hasPrefix("https://") { host = host.dropFirst("https://".count) }
        if host.hasSuffix("/") { host = host.dropLast() }
        guard !host.contains(where: { "/?".contains($0) }) else { throw .malformed }
        return try TokenEndpoint("https://\(host)/oauth/token")
    }

    package var description: String { "\(origin.scheme.rawValue)://\(origin.authority)\(target)" }

    /// The issuer identifier of an Auth0 tenant: `https://<domain>/`.
    var issuer: String { "\(origin.scheme.rawValue)://\(origin.authority)/" }
}
