internal import LatchkeyCore

/// Why a proxy on the route to an upstream failed. Never contains a received byte or a credential.
package struct ProxyError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        case nameNotResolved
        case connectFailed(errno: Int32)
        case connectTimedOut
        case tlsFailed(reason: String)
        case timedOut
        /// The connection closed before a response.
        case closed
        case malformed
        /// The proxy answered with an error itself: 407 for missing or wrong credentials, 403 for a forbidden host, 502 to 504
        /// when it cannot reach the host.
        case refused(status: Int)
    }

    /// `host:port`.
    package let proxy: String
    package let reason: Reason

    package init(_ proxy: ProxyServer, _ reason: Reason) {
        self.proxy = proxy.authority
        self.reason = reason
    }

    /// What happened, for logs and messages, such as `the proxy proxy.example:3128 did not answer in time`.
    package var description: String {
        let failure =
            switch reason {
            case .nameNotResolved: "has a host name without an address"
            case .connectFailed: "does not accept connections"
            case .connectTimedOut: "did not accept the connection in time"
            case .tlsFailed: "has an invalid certificate, or the TLS handshake failed"
            case .timedOut: "did not answer in time"
            case .closed: "closed the connection without a response"
            case .malformed: "sent a response that is not HTTP"
            case .refused(407): "answers 407: set a valid user and password in the proxy URL"
            case .refused(403): "answers 403: it does not allow this destination"
            case .refused(let status): "answers \(status)"
            }
        return "the proxy \(proxy) \(failure)"
    }

    /// The error code for logs and `/health`. It always starts with `proxy_`.
    package var code: String {
        switch reason {
        case .nameNotResolved: FaultCode.proxyNameNotResolved.rawValue
        case .connectFailed: FaultCode.proxyConnectFailed.rawValue
        case .connectTimedOut: FaultCode.proxyConnectTimedOut.rawValue
        case .tlsFailed: FaultCode.proxyTLSFailed.rawValue
        case .timedOut: FaultCode.proxyTimedOut.rawValue
        case .closed: FaultCode.proxyClosed.rawValue
        case .malformed: FaultCode.proxyMalformedHTTP.rawValue
        case .refused(let status): "proxy_http_\(status)"
        }
    }

    /// Whether a retry of the same request may succeed.
    package var isTransient: Bool {
        switch reason {
        case .connectFailed, .connectTimedOut, .closed: true
        case .refused(let status): status >= 500
        case .nameNotResolved, .tlsFailed, .timedOut, .malformed: false
        }
    }

    /// Whether the proxy missed a deadline.
    package var isTimeout: Bool { reason == .timedOut || reason == .connectTimedOut }
}
