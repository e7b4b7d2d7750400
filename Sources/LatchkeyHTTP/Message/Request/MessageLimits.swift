/// Every bound of the HTTP/1.1 grammar as a server reads it, each with its answer: the one place these numbers stand.
package struct MessageLimits: Hashable, Sendable {
    /// Method, target and version together, with the CR behind them (RFC 9112 §3): 414.
    package var requestLineBytes = 8 * 1024
    /// Request line and fields: 431.
    package var headBytes = 32 * 1024
    /// Field lines: 431.
    package var fields = 100
    /// Body, chunking undone: 413.
    package var bodyBytes = 64 * 1024
    /// Empty lines forgiven before a request line (RFC 9112 §2.2 asks for at least one): 400.
    package var leadingEmptyLines = 4
    /// Chunk extensions and trailers of one body, which are read and thrown away (RFC 9112 §7.1.1, §7.1.2): 400.
    package var chunkOverheadBytes = 16 * 1024

    package init() {}
}
