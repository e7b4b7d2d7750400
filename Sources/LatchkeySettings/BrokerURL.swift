package import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyUpstream

/// Where a running broker is: an `http` or `https` URL, or a Unix socket as `unix:/path`.
package struct BrokerURL: Hashable, Sendable, CustomStringConvertible {
    /// As it was given.
    package let description: String
    package let origin: Origin
    /// What each target begins with; empty, or a path without a slash at its end.
    package let base: String

    /// Nil for what a client cannot connect to, such as a relative path.
    package init?(_ text: String) {
        if let path = SocketAddress.absolutePath(ofUnix: text) {
            origin = Origin(socketPath: path)
            base = ""
        } else {
            guard let endpoint = AWSEndpoint(text) else { return nil }
            origin = endpoint.origin
            base = endpoint.path.hasSuffix("/") ? String(endpoint.path.dropLast()) : endpoint.path
        }
        description = text
    }
}
