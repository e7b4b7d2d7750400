package import LatchkeyBroker
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// Who may use a route, and how callers authenticate. ``RouteTable`` has the access of each route.
package enum Access: Hashable, Sendable {
    /// Everybody, even above the connection limit: the two probes.
    case open
    /// A caller whose key, in `Authorization: Bearer`, has these scopes.
    case key(Scopes)
    /// An OAuth client whose key has these scopes. The endpoint reads id and key itself (RFC 6749 §2.3.1).
    case client(Scopes)
    /// A caller who signed the request with a key that has these scopes (AWS Signature Version 4). The endpoint
    /// verifies the signature itself.
    case signed(Scopes)
    /// A caller whose key, in a field of ``ExtensionToken`` or as for ``key(_:)``, has these scopes. The endpoint reads
    /// it itself.
    case token(Scopes)
}
