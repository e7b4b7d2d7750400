internal import LatchkeyCore

/// What went wrong with a proxy on the way to an upstream. Never carries a byte of what was received, nor a credential.
package struct ProxyFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        case nameNotResolved
        case connectFailed(errno: Int32)
        case connectTimedOut
        case tlsFailed(reason: String)
        case timedOut
        /// The connection ended before there was an answer.
        case closed
        case malformed
        /// The proxy's own answer: 407 where it wants other credentials, 403 where it forbids the host, 502 to 504 where
        /// it cannot reach it.
        case refused(status: Int)
    }

    /// `host:port`.
    package let proxy: String
    package let reason: Reason

    package init(_ proxy: ProxyServer, _ reason: Reason) {
        self.proxy = proxy.authority
        self.reason = reason
    }

    /// What happened, for logs and messages: `the proxy proxy.example:3128 answers 407`.
    package var description: String {
        let what =
            switch reason {
            case .nameNotResolved: "has a name without an address"
            case .connectFailed: "cannot be connected to"
            case .connectTimedOut: "cannot be connected to in time"
            case .tlsFailed: "has a certificate that does not hold, or TLS cannot be agreed on"
            case .timedOut: "did not answer in time"
            case .closed: "closed the connection without an answer"
            case .malformed: "gave an answer that is not HTTP"
            case .refused(407): "answers 407: it wants a user and password, or others"
            case .refused(403): "answers 403: it does not allow this destination"
            case .refused(let status): "answers \(status)"
            }
        return "the proxy \(proxy) \(what)"
    }

    /// One word for logs and `/health`; always begins with `proxy_`.
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

    /// Whether the same request may get through a moment later although nobody changes anything.
    package var isTransient: Bool {
        switch reason {
        case .connectFailed, .connectTimedOut, .closed: true
        case .refused(let status): status >= 500
        case .nameNotResolved, .tlsFailed, .timedOut, .malformed: false
        }
    }

    /// The proxy did not answer by a deadline.
    package var isTimeout: Bool { reason == .timedOut || reason == .connectTimedOut }
}
