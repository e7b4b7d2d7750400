package import LatchkeyBroker
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// How a route lets its callers in.
package enum Access: Hashable, Sendable {
    /// Anybody, also past the limit of connections: the two probes.
    case open
    /// Whoever presents, by `Authorization: Bearer`, a key that allows this.
    case key(Scopes)
    /// An OAuth client whose key allows this. The route reads id and key itself (RFC 6749 §2.3.1).
    case client(Scopes)
    /// Whoever signed the request, with a key that allows this (AWS Signature Version 4). The route checks it itself.
    case signed(Scopes)
    /// Whoever presents a key that allows this in a field of ``ExtensionToken``, or as for ``key(_:)``. The route reads
    /// it itself.
    case token(Scopes)
}
