internal import LatchkeyCore

/// The output buffer of one event loop, into which replies are rendered without a String or an allocation.
///
/// Handlers do not see it: each gets a ``ReplyWriter`` to it for one reply.
final class ReplyBuffer {
    /// The bytes sent at the end of the turn: the replies to all requests of the turn.
    var output: [UInt8] = []
    /// Whether the request is HEAD, whose response has the same head and no body (RFC 9110 §9.3.2).
    var isHead = false
    /// Whether the connection closes after this reply, which must then announce it (RFC 9112 §9.6).
    var closes = false
    /// Whether a kept-alive connection must be confirmed, because the request is HTTP/1.0 (RFC 9112 §9.3).
    var confirmsKeepAlive = false
    /// The replies in ``output`` that wait for a commit.
    var uncommitted: [UncommittedReply] = []
    /// The status of the last reply, for metrics and logs.
    private(set) var status = 0
    /// When the request started, if the server itself answers it; otherwise the start of the turn.
    var started = MonotonicTime(nanoseconds: 0)
    /// Where the last reply starts in ``output``.
    private var start = 0

    /// The time of this turn, on the clock of the event loop.
    var now = MonotonicTime(nanoseconds: 0)

    private var date: DateHeaderCache

    init(wallTime: @escaping () -> WallTime) {
        date = DateHeaderCache(wallTime: wallTime)
        output.reserveCapacity(64 * 1024)
    }

    /// Starts a reply: status line, `Date` and `Connection`.
    func begin(_ status: Int) {
        self.status = status
        start = output.count
        HTTPStatus.appendLine(status, to: &output)
        append(date.line(at: now))
        if closes {
            append("Connection: close\r\n")
        } else if confirmsKeepAlive {
            append("Connection: keep-alive\r\n")
        }
    }

    /// Writes a whole reply with one check of the size of the buffer.
    func write(_ reply: PreparedReply) {
        status = reply.body == nil ? 304 : 200
        start = output.count
        let line: StaticString = reply.body == nil ? "HTTP/1.1 304 Not Modified\r\n" : "HTTP/1.1 200 OK\r\n"
        let date = date.line(at: now)
        let size = line.utf8CodeUnitCount + date.count + Self.maxConnectionLine + reply.maxBytes
        output.append(addingCapacity: size) { span in
            span.withUnsafeMutableBufferPointer { memory, count in
                guard let base = memory.baseAddress else { return }
                var writer = MemoryWriter(base)
                writer.append(line)
                date.withUnsafeBytes { writer.append($0) }
                if closes {
                    writer.append("Connection: close\r\n")
                } else if confirmsKeepAlive {
                    writer.append("Connection: keep-alive\r\n")
                }
                reply.write(isHead: isHead, to: &writer)
                count = writer.next - base
            }
        }
    }

    /// The most bytes of the field `Connection`.
    private static let maxConnectionLine = 32

    /// Removes and returns what was rendered from `start` on, as an array of just that size.
    ///
    /// `Array(output[start...])` would not do: a slice of the whole array gives its memory away, with 64 KiB of capacity.
    func take(from start: Int) -> [UInt8] {
        let rendered = output.withUnsafeMutableBytes { output in
            let rendered = UnsafeMutableRawBufferPointer(rebasing: output[start...])
            defer { Wiping.wipe(rendered) }
            return Array(rendered)
        }
        output.removeSubrange(start...)
        return rendered
    }

    /// Marks the last reply, which is complete: it waits for a commit.
    func holdLast(kind: Int) {
        uncommitted.append(
            UncommittedReply(
                range: start..<output.count, isHead: isHead, closes: closes, confirmsKeepAlive: confirmsKeepAlive,
                kind: kind))
    }

    /// Writes another reply in place of one that was held back.
    ///
    /// - Parameter rendered: the bytes of that one.
    func write(in place: UncommittedReply, _ rendered: UnsafeRawBufferPointer, _ refuse: ReplyCommit.Refuse) {
        isHead = place.isHead
        closes = place.closes
        confirmsKeepAlive = place.confirmsKeepAlive
        _ = refuse(rendered, place.kind, ReplyWriter(self))
    }

    /// Appends literal text of the program: field lines with their CR LF, or parts of them.
    func append(_ text: StaticString) {
        output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends bytes rendered earlier. They must not contain a line break that a caller has chosen.
    func append(_ bytes: [UInt8]) {
        // As a pointer, because an array would be retained and released.
        bytes.withUnsafeBufferPointer { output.append(contentsOf: $0) }
    }

    /// Appends a number in decimal.
    func append(_ number: Int64) { DecimalDigits.append(number, to: &output) }

    /// Appends one field line.
    ///
    /// A line break or NUL in `value` would split the response, so control characters become spaces (RFC 9110 §5.5).
    func field(_ name: StaticString, _ value: String) {
        append(name)
        append(": ")
        appendValue(value)
        append("\r\n")
    }

    /// Appends a field value, with control characters replaced by spaces.
    @inline(__always)
    private func appendValue(_ value: String) {
        var value = value
        value.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            if Grammar.isFieldValue(bytes, 0..<bytes.count) { return output.append(contentsOf: bytes) }
            output.append(contentsOf: bytes.map { Grammar.isFieldValue($0) ? $0 : 0x20 })
        }
    }

    /// The value of a field of the last reply, for logs; nil when the reply has no such field.
    ///
    /// - Parameter name: in the case in which it was written.
    func fieldValue(_ name: StaticString) -> String? {
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

    /// Appends the fields of a whole response.
    func append(_ fields: HTTPFields) {
        for field in fields.lines {
            output.append(contentsOf: field.name.utf8)
            append(": ")
            appendValue(field.value)
            append("\r\n")
        }
    }

    /// Ends the head with `Content-Length`.
    func endHead(contentLength length: Int) {
        append("Content-Length: ")
        append(Int64(length))
        append("\r\n\r\n")
    }
}
