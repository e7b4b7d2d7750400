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

/// A whole request as a value: what the client sends, and what simple handlers (``LatchkeyDev``) are given.
package struct HTTPRequest: Sendable {
    package var method: String
    /// Origin form: path and query, percent-encoded (RFC 9112 §3.2.1).
    package var target: String
    package var fields: HTTPFields
    package var body: [UInt8]
    /// Not to be sent once more where a kept-alive connection ends without an answer: the peer may have done it.
    package var isSentOnce = false
    /// Never to go through a proxy, whatever the settings say: what is asked is next door.
    package var isDirect = false

    package init(method: String, target: String, fields: HTTPFields = [:], body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }

    /// The target up to the first `?`, still percent-encoded.
    package var path: Substring { target.prefix { $0 != "?" } }

    /// What follows the first `?`, or nil.
    package var query: Substring? {
        target.firstIndex(of: "?").map { target[target.index(after: $0)...] }
    }
}

/// A whole response as a value.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var fields: HTTPFields
    package var body: [UInt8]

    package init(status: Int, fields: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}
