/// A parsed request head: facts, and ranges into the bytes it was parsed from. No copies, no allocation.
package struct RequestHead: Sendable {
    package internal(set) var method = RequestMethod.other
    /// As sent (RFC 9112 §3.2): origin form, absolute form, or `*`.
    package internal(set) var target = MessageRange.absent
    /// The path of the target, still percent-encoded.
    package internal(set) var path = MessageRange.absent
    /// What follows the first `?`, still percent-encoded; absent where there is no `?`.
    package internal(set) var query = MessageRange.absent
    /// 0 or 1: the x of HTTP/1.x; a higher one is treated as 1 (RFC 9110 §2.5).
    package internal(set) var minorVersion: UInt8 = 1
    /// The connection may carry another request after this one (RFC 9112 §9.3).
    package internal(set) var keepAlive = true
    package internal(set) var contentLength: Int?
    package internal(set) var isChunked = false
    /// The caller waits for 100 Continue before it sends the body (RFC 9110 §10.1.1).
    package internal(set) var expectsContinue = false
    package internal(set) var host = MessageRange.absent
    package internal(set) var authorization = MessageRange.absent
    package internal(set) var requestID = MessageRange.absent
    package internal(set) var accept = MessageRange.absent
    package internal(set) var acceptEncoding = MessageRange.absent
    package internal(set) var ifNoneMatch = MessageRange.absent
    package internal(set) var contentType = MessageRange.absent
    /// Where the field lines begin and end, for ``field(_:in:)``.
    var fieldLines = MessageRange.absent

    package init() {}

    /// A body of at least one byte follows, or a chunked one (RFC 9112 §6.3).
    package var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

    /// The first line's value of a field that has no range of its own. `name` is lower case; `bytes` is the message.
    ///
    /// Reads the lines again instead of having kept them all: most requests are never asked.
    package func field(_ name: StaticString, in bytes: UnsafeRawBufferPointer) -> MessageRange {
        var from = Int(fieldLines.start)
        let end = from + Int(fieldLines.count)
        while from < end {
            let line = UnsafeRawBufferPointer(rebasing: bytes[from..<end])
            guard let feed = line.firstIndex(of: 0x0A), let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
                break
            }
            if Grammar.equals(UnsafeRawBufferPointer(rebasing: line[..<colon]), folded: name) {
                return MessageRange(Grammar.trim(bytes, (from + colon + 1)..<(from + feed - 1)))
            }
            from += feed + 1
        }
        return .absent
    }

    /// Every field line as text, for handlers off the hot path.
    package func fields(in bytes: UnsafeRawBufferPointer) -> HTTPFields {
        var fields = HTTPFields()
        let lines = fieldLines.slice(of: bytes)
        for line in lines.split(separator: 0x0A) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let value = Grammar.trim(lines, (colon + 1)..<(line.endIndex - 1))
            fields.append(
                String(decoding: lines[line.startIndex..<colon], as: UTF8.self),
                String(decoding: lines[value], as: UTF8.self))
        }
        return fields
    }
}
