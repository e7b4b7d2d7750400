/// The limits on one response that the client reads. A response over any limit except ``interimResponses`` fails as too
/// large.
package struct ResponseLimits: Hashable, Sendable {
    /// Bytes of the status line and the fields of one head. Each interim response counts on its own.
    package var headBytes = 64 * 1024
    /// Field lines of one head.
    package var fields = 256
    /// Bytes of the body after chunked decoding.
    package var bodyBytes = 1024 * 1024
    /// Interim (1xx) responses before the final one; more make the response malformed.
    package var interimResponses = 16

    package init() {}
}
