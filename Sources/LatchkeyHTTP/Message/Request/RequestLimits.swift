/// The limits on one request, each with the status that a request over it is answered with.
package struct RequestLimits: Hashable, Sendable {
    /// Bytes of the request line, with its CR (RFC 9112 §3): 414.
    package var requestLineBytes = 8 * 1024
    /// Bytes of the request line and the fields together: 431.
    package var headBytes = 32 * 1024
    /// Field lines: 431.
    package var fields = 100
    /// Bytes of the body after chunked decoding: 413.
    package var bodyBytes = 64 * 1024
    /// Empty lines skipped before a request line; RFC 9112 §2.2 asks for at least one: 400.
    package var leadingEmptyLines = 4
    /// Bytes of chunk extensions and trailers of one body, which are read and discarded (RFC 9112 §7.1.1, §7.1.2): 400.
    package var chunkOverheadBytes = 16 * 1024

    package init() {}
}
