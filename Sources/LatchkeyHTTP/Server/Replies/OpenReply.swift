/// A reply whose status line is written. Fields follow, then one of the functions that end it.
package struct OpenReply: ~Copyable {
    private let buffer: ReplyBuffer

    init(_ buffer: ReplyBuffer) { self.buffer = buffer }

    /// Whether the request is HEAD: then ``endBody()`` follows the head at once (RFC 9110 §9.3.2).
    package var isHead: Bool { buffer.isHead }

    /// Appends literal text of the program: field lines with their CR LF, or parts of them.
    package func append(_ text: StaticString) { buffer.append(text) }

    /// Appends bytes rendered earlier. They must not contain a line break that a caller has chosen.
    package func append(_ bytes: [UInt8]) { buffer.append(bytes) }

    /// Appends a number in decimal.
    package func append(_ number: Int64) { buffer.append(number) }

    /// Appends one field line. Control characters in `value` become spaces.
    package func field(_ name: StaticString, _ value: String) { buffer.field(name, value) }

    /// Ends the head with `Content-Length`. The caller then appends exactly `length` bytes, or none if ``isHead``, and calls
    /// ``endBody()``.
    package func endHead(contentLength length: Int) { buffer.endHead(contentLength: length) }

    /// Ends a reply whose body is complete.
    package consuming func endBody() -> ReplyReceipt { ReplyReceipt(buffer) }

    /// Ends the head with `Content-Length`, appends the body and ends the reply.
    package consuming func end(_ body: [UInt8]) -> ReplyReceipt {
        buffer.endHead(contentLength: body.count)
        if !buffer.isHead { buffer.append(body) }
        return ReplyReceipt(buffer)
    }

    /// Ends a reply without body and `Content-Length`: 204 and 304 (RFC 9110 §6.4.1, §8.6).
    package consuming func endWithoutBody() -> ReplyReceipt {
        buffer.append("\r\n")
        return ReplyReceipt(buffer)
    }
}
