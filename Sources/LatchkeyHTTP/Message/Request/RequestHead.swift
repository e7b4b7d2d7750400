/// A parsed request head: flags, and ranges into the bytes it was parsed from. Nothing is copied or allocated.
package struct RequestHead: Sendable {
    package internal(set) var method = RequestMethod.other
    /// The request target as sent (RFC 9112 §3.2): origin form, absolute form, or `*`.
    package internal(set) var target = MessageRange.absent
    /// The path of the target, still percent-encoded.
    package internal(set) var path = MessageRange.absent
    /// The target after the first `?`, still percent-encoded; absent when there is no `?`.
    package internal(set) var query = MessageRange.absent
    /// The minor version of HTTP/1.x, 0 or 1. A higher one is treated as 1 (RFC 9110 §2.5).
    package internal(set) var minorVersion: UInt8 = 1
    /// Whether the connection may carry another request after this one (RFC 9112 §9.3).
    package internal(set) var keepAlive = true
    package internal(set) var contentLength: Int?
    package internal(set) var isChunked = false
    /// Whether the caller waits for 100 Continue before it sends the body (RFC 9110 §10.1.1).
    package internal(set) var expectsContinue = false
    package internal(set) var host = MessageRange.absent
    package internal(set) var authorization = MessageRange.absent
    package internal(set) var requestID = MessageRange.absent
    package internal(set) var accept = MessageRange.absent
    package internal(set) var acceptEncoding = MessageRange.absent
    package internal(set) var ifNoneMatch = MessageRange.absent
    package internal(set) var contentType = MessageRange.absent
    package internal(set) var traceParent = MessageRange.absent
    package internal(set) var senderFields: SenderFields = []
    /// All field lines, for ``field(_:in:)``.
    var fieldLines = MessageRange.absent

    package init() {}

    /// Whether a body of at least one byte or a chunked body follows (RFC 9112 §6.3).
    package var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

    /// The value of the first field line of that name, for fields without a property of their own.
    ///
    /// The lines are searched again, instead of indexing every field of every request: few routes read such fields.
    /// - Parameters:
    ///   - name: in lower case.
    ///   - bytes: the message that the head belongs to.
    package func field(_ name: StaticString, in bytes: UnsafeRawBufferPointer) -> MessageRange {
        var from = Int(fieldLines.start)
        let end = from + Int(fieldLines.count)
        while from < end {
            guard let feed = Grammar.find(0x0A, in: bytes, from..<end),
                let colon = Grammar.find(UInt8(ascii: ":"), in: bytes, from..<feed)
            else { break }
            if Grammar.equals(UnsafeRawBufferPointer(rebasing: bytes[from..<colon]), folded: name) {
                return MessageRange(Grammar.trim(bytes, (colon + 1)..<(feed - 1)))
            }
            from = feed + 1
        }
        return .absent
    }

    /// All field lines as text, for handlers off the hot path.
    package func fields(in bytes: UnsafeRawBufferPointer) -> HTTPFields {
        var fields = HTTPFields()
        forEachField(in: bytes) { name, value in
            fields.append(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
        return fields
    }

    /// Calls `body` with name and value of each field line, in order. A value has no blanks at its ends.
    ///
    /// - Parameter bytes: the message that the head belongs to.
    package func forEachField(
        in bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) {
        var from = Int(fieldLines.start)
        let end = from + Int(fieldLines.count)
        while from < end, let feed = Grammar.find(0x0A, in: bytes, from..<end) {
            if let colon = Grammar.find(UInt8(ascii: ":"), in: bytes, from..<feed) {
                body(
                    UnsafeRawBufferPointer(rebasing: bytes[from..<colon]),
                    UnsafeRawBufferPointer(rebasing: bytes[Grammar.trim(bytes, (colon + 1)..<(feed - 1))]))
            }
            from = feed + 1
        }
    }
}
