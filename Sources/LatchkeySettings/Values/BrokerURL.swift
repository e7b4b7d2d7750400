package import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyUpstream

/// The address of a running broker: an `http` or `https` URL, or a Unix socket as `unix:/path`.
package struct BrokerURL: Hashable, Sendable, CustomStringConvertible {
    /// The text that the address was read from.
    package let description: String
    package let origin: Origin
    /// The beginning of each request target: empty, or a path without a slash at its end.
    package let base: String

    /// Returns nil for a text that is not an address, such as a relative path.
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
