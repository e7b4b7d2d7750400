internal import LatchkeyCrypto

/// Why a request has no response. Never contains a byte that was received.
package enum HTTPClientError: Error, Hashable, Sendable {
    /// The host name has no address, or the resolver has failed.
    case nameNotResolved
    /// No address accepted the connection. Contains the last `errno`.
    case connectFailed(errno: Int32)
    case connectTimedOut
    /// The handshake or the verification of the certificate failed, with the reason of libssl. No byte of the request was
    /// sent.
    case tlsFailed(reason: String)
    /// The deadline of the request or the timeout of one phase (handshake, CONNECT, head) has passed.
    case timedOut
    /// The connection closed before the first byte of a response, and the request was not or may not be sent again.
    case closedBeforeResponse
    /// The connection closed within a response (RFC 9112 §8).
    case truncated
    /// The received bytes are not an HTTP/1 response, or the request cannot be written as HTTP/1.1.
    case malformed(reason: String)
    /// The head, the body or the decompressed body is over its limit.
    case tooLarge
    /// The response has a `Content-Encoding` that was not requested, or its gzip is damaged.
    case unexpectedEncoding
    /// The client is shut down, or too many requests wait.
    case shutDown
    /// A proxy on the route failed or refused the request. The state of the origin is unknown.
    case proxy(ProxyError)

    init(_ error: TLSError) {
        switch error {
        case .certificate(let reason), .failed(let reason): self = .tlsFailed(reason: reason)
        case .unusableFile(let path): self = .tlsFailed(reason: "cannot read certificates from \(path)")
        }
    }

    init(_ error: ResponseParser.ParseError) {
        switch error {
        case .malformed(let reason): self = .malformed(reason: reason)
        case .tooLarge: self = .tooLarge
        case .truncated: self = .truncated
        }
    }

    /// A name of the case, for `error.type` of a span.
    var label: String {
        switch self {
        case .nameNotResolved: "name_not_resolved"
        case .connectFailed: "connect_failed"
        case .connectTimedOut: "connect_timed_out"
        case .tlsFailed: "tls_failed"
        case .timedOut: "timed_out"
        case .closedBeforeResponse: "closed_before_response"
        case .truncated: "truncated"
        case .malformed: "malformed"
        case .tooLarge: "too_large"
        case .unexpectedEncoding: "unexpected_encoding"
        case .shutDown: "shut_down"
        case .proxy: "proxy"
        }
    }

    /// The failure of the proxy, if this is one.
    package var proxyError: ProxyError? {
        if case .proxy(let failure) = self { failure } else { nil }
    }
}

extension ProxyError {
    /// The failure of a connection to `proxy`; nil for errors that the proxy does not cause.
    init?(_ error: HTTPClientError, at proxy: ProxyServer) {
        switch error {
        case .nameNotResolved: self.init(proxy, .nameNotResolved)
        case .connectFailed(let errno): self.init(proxy, .connectFailed(errno: errno))
        case .connectTimedOut: self.init(proxy, .connectTimedOut)
        case .tlsFailed(let reason): self.init(proxy, .tlsFailed(reason: reason))
        case .timedOut: self.init(proxy, .timedOut)
        case .closedBeforeResponse, .truncated: self.init(proxy, .closed)
        case .malformed, .tooLarge: self.init(proxy, .malformed)
        case .unexpectedEncoding, .shutDown, .proxy: return nil
        }
    }
}
