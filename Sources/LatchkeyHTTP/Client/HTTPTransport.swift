package import LatchkeyCore

/// Sends one request to an origin and gives the whole response, or why there is none, by the deadline.
///
/// ``HTTPClient/execute(_:to:deadline:)`` is the product's; tests pass a function.
package typealias HTTPTransport =
    @Sendable (_ request: HTTPRequest, _ origin: Origin, _ deadline: MonotonicTime) async throws(HTTPClientError)
    -> HTTPResponse
