/// Where an upstream lives: scheme, host and port (RFC 9110 §4.3.1).
package struct Origin: Hashable, Sendable {
    package enum Scheme: String, Sendable {
        case http, https
    }

    package var scheme: Scheme
    /// A DNS name or an IP literal; IPv6 without brackets.
    package var host: String
    package var port: UInt16
    /// The Unix socket that it is reached at, where it is not by host and port.
    package private(set) var socketPath: String?

    package init(scheme: Scheme, host: String, port: UInt16? = nil) {
        self.scheme = scheme
        self.host = host
        self.port = port ?? (scheme == .https ? 443 : 80)
    }

    /// An origin behind a Unix socket of this machine: plain HTTP, and `localhost` in the `Host` field.
    package init(socketPath: String) {
        self.init(scheme: .http, host: "localhost")
        self.socketPath = socketPath
    }

    /// The `Host` field's value: the port is left out where it is the scheme's own (RFC 9110 §7.2).
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (scheme == .https ? 443 : 80) ? name : "\(name):\(port)"
    }
}
