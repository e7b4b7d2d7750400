package import LatchkeyCore

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
}

/// Sends one request to an origin and gives the whole response, or why there is none, by the deadline.
///
/// ``HTTPClient/execute(_:to:deadline:)`` is the product's; tests pass a function.
package typealias HTTPTransport =
    @Sendable (_ request: HTTPRequest, _ origin: Origin, _ deadline: MonotonicTime) async throws(HTTPClientError)
    -> HTTPResponse

/// Answers one whole request; what the embedded development peers are.
package typealias SimpleHandler = @Sendable (HTTPRequest) async -> HTTPResponse
