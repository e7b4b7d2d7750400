package import LatchkeyHTTP

/// The URL of an issuer's key set (RFC 7517 §5).
package struct KeySetEndpoint: Hashable, Sendable {
    /// The URL is not used for keys. The texts are for the author of the callers file.
    package enum Rejection: Error, Hashable, Sendable, CustomStringConvertible {
        /// Not an absolute `https` or `http` URL with a host.
        case malformed
        /// `http` to a host other than this machine.
        case plainText
        /// `user:password@` before the host.
        case userInfo
        case fragment

        init(_ rejection: TokenEndpoint.Rejection) {
            switch rejection {
            case .malformed: self = .malformed
            case .plainText: self = .plainText
            case .userInfo: self = .userInfo
            case .fragment: self = .fragment
            }
        }

        package var description: String {
            switch self {
            case .malformed: "not a URL of the form https://host[:port]/path"
            case .plainText: "http would let others replace the keys; use https (http is allowed only for loopback)"
            case .userInfo:
                "a key set's URL must not hold a user name or password; name a file with a bearer token instead"
            case .fragment: "a key set's URL must not have a fragment; remove what follows the #"
            }
        }
    }

    package let origin: Origin
    /// Path and query; begins with `/`.
    package let target: String

    /// Parses an absolute URL of visible ASCII. The rules are those of ``TokenEndpoint``.
    package init(_ url: String) throws(Rejection) {
        do throws(TokenEndpoint.Rejection) {
            let endpoint = try TokenEndpoint(url)
            (origin, target) = (endpoint.origin, endpoint.target)
        } catch {
            throw Rejection(error)
        }
    }
}
