package import LatchkeyCore

/// Renders responses into the output buffer of the event loop, without a String or an allocation.
///
/// Each event loop has one writer, lent to a handler for one reply at a time. A reply is ``begin(_:)``, any number of
/// fields, then exactly one of the `end` calls. ``reply(_:)`` does all of it for a ``HTTPResponse``.
package final class ReplyWriter {
    /// The bytes sent at the end of the turn: the replies to all requests of the turn.
    package var output: [UInt8] = []
    /// Whether the request is HEAD, whose response has the same head and no body (RFC 9110 §9.3.2).
    package internal(set) var isHead = false
    /// Whether the connection closes after this reply, which must then announce it (RFC 9112 §9.6).
    package internal(set) var closes = false
    /// Whether a kept-alive connection must be confirmed, because the request is HTTP/1.0 (RFC 9112 §9.3).
    package internal(set) var confirmsKeepAlive = false
    /// The status of the last reply, for metrics and logs.
    package private(set) var status = 0
    /// When the request started, if the server itself answers it; otherwise the start of the turn.
    package internal(set) var started = MonotonicTime(nanoseconds: 0)
    /// Where the last reply starts in ``output``.
    private var start = 0

    /// The time of this turn, on the clock of the event loop.
    package internal(set) var now = MonotonicTime(nanoseconds: 0)

    private var date: DateHeaderCache

    init(wallTime: @escaping () -> WallTime) {
        date = DateHeaderCache(wallTime: wallTime)
        output.reserveCapacity(64 * 1024)
    }

    /// Starts a reply: status line, `Date` and `Connection`.
    package func begin(_ status: Int) {
        self.status = status
        start = output.count
        HTTPStatus.appendLine(status, to: &output)
        date.append(to: &output, at: now)
        if closes {
            append("Connection: close\r\n")
        } else if confirmsKeepAlive {
            append("Connection: keep-alive\r\n")
        }
    }

    /// Appends literal text of the program: field lines with their CR LF, or parts of them.
    package func append(_ text: StaticString) {
        output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends bytes rendered earlier. They must not contain a line break that a caller has chosen.
    package func append(_ bytes: [UInt8]) { output.append(contentsOf: bytes) }

    /// Appends bytes of the request. They must not contain a line break that a caller has chosen.
    package func append(_ bytes: UnsafeRawBufferPointer) { output.append(contentsOf: bytes) }

    /// Appends a number in decimal.
    package func append(_ number: Int64) { DecimalDigits.append(number, to: &output) }

    /// Appends one field line.
    ///
    /// A line break or NUL in `value` would split the response, so control characters become spaces (RFC 9110 §5.5).
    package func field(_ name: StaticString, _ value: String) {
        append(name)
        append(": ")
        appendValue(value)
        append("\r\n")
    }

    /// Appends a field value, with control characters replaced by spaces.
    @inline(__always)
    private func appendValue(_ value: String) {
        output.append(contentsOf: value.utf8.lazy.map { Grammar.isFieldValue($0) ? $0 : 0x20 })
    }

    /// The value of a field of the last reply, for logs; nil when the reply has no such field.
    ///
    /// - Parameter name: in the case in which it was written.
    package func fieldValue(_ name: StaticString) -> String? {
        let name = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        var line = output[start...]
        while let end = line.firstIndex(of: 0x0D), end > line.startIndex {
            let text = line[..<end]
            if text.starts(with: name), text.dropFirst(name.count).starts(with: ": ".utf8) {
                return String(decoding: text.dropFirst(name.count + 2), as: UTF8.self)
            }
            line = line[end...].dropFirst(2)
        }
        return nil
    }

    /// Ends the head with `Content-Length`. The caller then appends exactly `length` bytes, or none if ``isHead``.
    package func endHead(contentLength length: Int) {
        append("Content-Length: ")
        append(Int64(length))
        append("\r\n\r\n")
    }

    /// Ends the head with `Content-Length`, and appends the body.
    package func end(_ body: [UInt8]) {
        endHead(contentLength: body.count)
        if !isHead { append(body) }
    }

    /// Ends the head of a reply without body and `Content-Length`: 204 and 304 (RFC 9110 §6.4.1, §8.6).
    package func endWithoutBody() { append("\r\n") }

    /// Writes a whole response. Its fields must not contain `Content-Length`, `Date` and `Connection`, which the writer adds.
    package func reply(_ response: HTTPResponse) {
        begin(response.status)
        for field in response.fields.lines {
            output.append(contentsOf: field.name.utf8)
            append(": ")
            appendValue(field.value)
            append("\r\n")
        }
        if HTTPStatus.isBodyless(response.status) { endWithoutBody() } else { end(response.body) }
    }
}
