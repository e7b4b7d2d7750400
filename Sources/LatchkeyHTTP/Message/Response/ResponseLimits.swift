/// The bounds of what is read; past them the response is refused as too large.
package struct ResponseLimits: Hashable, Sendable {
    /// Status line and fields of one head, interim responses each on their own.
    package var headBytes = 64 * 1024
    package var fields = 256
    /// The body, chunking undone.
    package var bodyBytes = 1024 * 1024
    /// Interim (1xx) responses before the final one.
    package var interimResponses = 16

    package init() {}
}
