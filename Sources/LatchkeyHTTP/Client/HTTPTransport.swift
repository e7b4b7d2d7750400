package import LatchkeyCore

/// Sends one request to an origin and returns its response by the deadline.
///
/// The program uses ``HTTPClient/execute(_:to:deadline:)``; tests pass a function of their own.
package typealias HTTPTransport =
    @Sendable (_ request: HTTPRequest, _ origin: Origin, _ deadline: MonotonicTime) async throws(HTTPClientError)
    -> HTTPResponse
