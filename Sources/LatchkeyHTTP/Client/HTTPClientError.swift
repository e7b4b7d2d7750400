internal import LatchkeyCrypto

/// Why a request has no response. Says what happened on the wire; never carries a byte of what was received.
package enum HTTPClientError: Error, Hashable, Sendable {
    /// The host name has no address, or the resolver failed.
    case nameNotResolved
    /// No address accepted the connection; the last `errno`.
    case connectFailed(errno: Int32)
    case connectTimedOut
    /// The handshake or the certificate check failed; libssl's own reason. Nothing of the request was sent.
    case tlsFailed(reason: String)
    /// The request's deadline passed, or a phase (handshake, head, body) took longer than it may.
    case timedOut
    /// The connection closed before the first byte of a response, on a connection that was new.
    case closedBeforeResponse
    /// The connection ended inside a response (RFC 9112 §8): what came is not the whole message.
    case truncated
    /// The bytes are no HTTP/1.1 response.
    case malformed(reason: String)
    /// Head, body or inflated body over its bound.
    case tooLarge
    /// A `Content-Encoding` that was not asked for, or bytes that do not inflate.
    case unexpectedEncoding
    /// The client is shut down, or its queue is full.
    case shutDown
    /// A proxy on the way failed, or refused. Nothing is known of the origin.
    case proxy(ProxyFailure)

    init(_ error: TLSError) {
        switch error {
        case .certificate(let reason), .failed(let reason): self = .tlsFailed(reason: reason)
        case .unusableFile(let path): self = .tlsFailed(reason: "cannot read certificates from \(path)")
        }
    }

    init(_ refusal: ResponseParser.Refusal) {
        switch refusal {
        case .malformed(let reason): self = .malformed(reason: reason)
        case .tooLarge: self = .tooLarge
        case .truncated: self = .truncated
        }
    }

    /// The proxy's failure, where it is one.
    package var proxyFailure: ProxyFailure? {
        if case .proxy(let failure) = self { failure } else { nil }
    }
}
