package import LatchkeyCore

/// Renders one response into the loop's output buffer: no String, no allocation on the way.
///
/// One for each loop, lent to a handler for one reply at a time. A reply is ``begin(_:)``, any number of fields, then
/// exactly one of the `end` calls; ``reply(_:)`` does all three for a whole ``HTTPResponse``.
package final class ReplyWriter {
    /// What is sent at the end of the turn: the replies of every request the turn brought.
    package var output: [UInt8] = []
    /// HEAD: the same head, no body (RFC 9110 §9.3.2).
    package internal(set) var isHead = false
    /// The connection closes after this reply, which has to say so (RFC 9112 §9.6).
    package internal(set) var closes = false
    /// An HTTP/1.0 caller asked to keep the connection, which has to be confirmed (RFC 9112 §9.3).
    package internal(set) var confirmsKeepAlive = false
    /// The status last begun, for metrics and logs.
    package private(set) var status = 0
    /// When the request began that the server itself answers.
    package internal(set) var started = MonotonicTime(nanoseconds: 0)
    /// Where the reply last begun starts in ``output``.
    private var start = 0

    /// The loop's clock for this turn.
    package internal(set) var now = MonotonicTime(nanoseconds: 0)

    private var date: DateHeaderCache

    init(wallTime: @escaping () -> WallTime) {
        date = DateHeaderCache(wallTime: wallTime)
        output.reserveCapacity(64 * 1024)
    }

    /// Status line, `Date` and `Connection`.
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

    /// Literal text of the program's own: whole field lines with their CRLF, or parts of one.
    package func append(_ text: StaticString) {
        output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Bytes rendered earlier, known to hold no line break a caller chose.
    package func append(_ bytes: [UInt8]) { output.append(contentsOf: bytes) }

    /// Bytes of the request lent to the handler.
    package func append(_ bytes: UnsafeRawBufferPointer) { output.append(contentsOf: bytes) }

    /// A number in decimal.
    package func append(_ number: Int64) { DecimalDigits.append(number, to: &output) }

    /// One field line. A line break or NUL in `value` would split the response (RFC 9110 §5.5): such bytes become spaces.
    package func field(_ name: StaticString, _ value: String) {
        append(name)
        append(": ")
        output.append(contentsOf: value.utf8.lazy.map { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F ? 0x20 : $0 })
        append("\r\n")
    }

    /// The value of a field of the reply last begun, for logs: what its caller was told. Nil where the reply has no such
    /// field.
    /// - Parameter name: spelled as it was written.
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

    /// `Content-Length` and the end of the head, after which the caller appends exactly `length` bytes unless ``isHead``.
    package func endHead(contentLength length: Int) {
        append("Content-Length: ")
        append(Int64(length))
        append("\r\n\r\n")
    }

    /// `Content-Length`, the end of the head and the body.
    package func end(_ body: [UInt8]) {
        endHead(contentLength: body.count)
        if !isHead { append(body) }
    }

    /// The end of a head that has no body and no length: 204 and 304 (RFC 9110 §8.6).
    package func endWithoutBody() { append("\r\n") }

    /// A whole response at once. `Content-Length`, `Date` and `Connection` are the writer's own.
    package func reply(_ response: HTTPResponse) {
        begin(response.status)
        for field in response.fields.lines {
            output.append(contentsOf: field.name.utf8)
            append(": ")
            output.append(contentsOf: field.value.utf8.lazy.map { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F ? 0x20 : $0 })
            append("\r\n")
        }
        if response.status == 204 || response.status == 304 { endWithoutBody() } else { end(response.body) }
    }
}
