/// Where a server is reached: scheme, host and port (RFC 9110 §4.3.1).
package struct Origin: Hashable, Sendable {
    package enum Scheme: String, Sendable {
        case http, https

        /// The port of a URL that names none (RFC 9110 §4.2.1 and §4.2.2).
        var defaultPort: UInt16 { self == .https ? 443 : 80 }
    }

    package var scheme: Scheme
    /// A DNS name or an IP literal; IPv6 without brackets.
    package var host: String
    package var port: UInt16
    /// The path of the Unix socket to connect to instead of host and port; nil for TCP.
    package private(set) var socketPath: String?

    package init(scheme: Scheme, host: String, port: UInt16? = nil) {
        self.scheme = scheme
        self.host = host
        self.port = port ?? scheme.defaultPort
    }

    /// An origin behind a Unix socket of this machine: plain HTTP, with `localhost` in the `Host` field.
    package init(socketPath: String) {
        self.init(scheme: .http, host: "localhost")
        self.socketPath = socketPath
    }

    /// The value of the `Host` field: without the port when it is the scheme's default (RFC 9110 §7.2).
    package var authority: String {
        let name = Authority.bracketed(host)
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }
}
