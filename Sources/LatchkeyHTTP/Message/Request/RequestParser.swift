internal import Glibc
internal import LatchkeyCore

/// Parses one request head at a time (RFC 9112 §2 to §6), however the network splits it.
///
/// The parser keeps offsets and no bytes. Each call receives the message from its first byte, and lines that are already
/// parsed are not read again: a head that arrives byte by byte costs as much as one that arrives whole. A line is parsed
/// when it is complete, so the outcome does not depend on how the bytes are split.
package struct RequestParser {
    /// The result of parsing the bytes received so far.
    package enum Outcome: Equatable, Sendable {
        case incomplete
        /// ``head`` is complete, in the first `count` bytes of the message.
        case head(count: Int)
        case rejected(RequestRejection)
    }

    /// The last complete head, or the one in progress.
    package private(set) var head = RequestHead()

    private var state = State()

    /// The parser's position, and facts about the message in progress that are not part of its head.
    private struct State {
        /// Where the current line starts, and the offset up to which it has been searched for its end.
        var lineStart = 0
        var searched = 0
        var emptyLines = 0
        var fieldCount = 0
        var hostCount = 0
        var sawRequestLine = false
        var sawLength = false
        var sawEncoding = false
        var sawClose = false
        var sawKeepAlive = false
        var saw100Continue = false
    }

    package init() {}

    /// Continues with the message that starts at `bytes[0]`. After ``Outcome/head(count:)`` and
    /// ``Outcome/rejected(_:)`` the parser is ready for the next message.
    package mutating func parse(_ bytes: UnsafeRawBufferPointer, limits: RequestLimits) -> Outcome {
        if state.lineStart == 0, state.searched == 0 { head = RequestHead() }
        do throws(RequestRejection) {
            while let feed = lineFeed(in: bytes) {
                let line = state.lineStart..<feed
                try checkSize(of: line, limits: limits)
                // RFC 9112 §2.2 allows a recipient to accept a bare LF. Parsers that disagree on it can be desynchronised.
                guard feed > state.lineStart, bytes[feed - 1] == 0x0D else { throw .bareLineFeed }
                let content = line.lowerBound..<(feed - 1)
                state.lineStart = feed + 1
                state.searched = state.lineStart
                if try take(content, of: bytes, limits: limits) {
                    try finish(limits: limits, end: content.lowerBound)
                    let count = state.lineStart
                    state = State()
                    return .head(count: count)
                }
            }
            try checkSize(of: state.lineStart..<bytes.count, limits: limits)
            state.searched = bytes.count
            return .incomplete
        } catch {
            state = State()
            return .rejected(error)
        }
    }

    // MARK: Lines

    /// The index of the line feed that ends the current line, or nil.
    private func lineFeed(in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress, state.searched < bytes.count,
            let found = memchr(base + state.searched, 0x0A, bytes.count - state.searched)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// Enforces the limits of the request line and the head, on complete and incomplete lines alike.
    private func checkSize(of line: Range<Int>, limits: RequestLimits) throws(RequestRejection) {
        if !state.sawRequestLine, line.count > limits.requestLineBytes { throw .targetTooLong }
        if line.upperBound > limits.headBytes { throw .headTooLarge }
    }

    /// Parses one line, given without its CR LF.
    /// - Returns: true for the empty line that ends the head.
    private mutating func take(
        _ line: Range<Int>, of bytes: UnsafeRawBufferPointer, limits: RequestLimits
    ) throws(RequestRejection) -> Bool {
        if state.sawRequestLine {
            if line.isEmpty { return true }
            state.fieldCount += 1
            if state.fieldCount > limits.fields { throw .headTooLarge }
            try takeField(line, of: bytes)
        } else if line.isEmpty {
            // Empty lines before the request line are skipped (RFC 9112 §2.2).
            state.emptyLines += 1
            if state.emptyLines > limits.leadingEmptyLines { throw .emptyLines }
        } else {
            try takeRequestLine(line, of: bytes)
            state.sawRequestLine = true
            head.fieldLines = MessageRange(state.lineStart..<state.lineStart)
        }
        return false
    }

    // MARK: Request line (RFC 9112 §3)

    private mutating func takeRequestLine(
        _ line: Range<Int>, of bytes: UnsafeRawBufferPointer
    ) throws(RequestRejection) {
        // Exactly one space between the parts: two parsers can disagree on lenient parsing (RFC 9112 §3, §11.2).
        guard let first = Grammar.find(0x20, in: bytes, line),
            let second = Grammar.find(0x20, in: bytes, (first + 1)..<line.upperBound), first > line.lowerBound
        else { throw .requestLine }
        let method = UnsafeRawBufferPointer(rebasing: bytes[line.lowerBound..<first])
        head.method = RequestMethod(method)
        if head.method == .other, !method.allSatisfy(Grammar.isToken) { throw .requestLine }
        try takeVersion(UnsafeRawBufferPointer(rebasing: bytes[(second + 1)..<line.upperBound]))
        try takeTarget((first + 1)..<second, of: bytes)
    }

    /// `HTTP-version` (RFC 9112 §2.3). A minor version above 1 is read as 1 (RFC 9110 §2.5).
    private mutating func takeVersion(_ bytes: UnsafeRawBufferPointer) throws(RequestRejection) {
        if Grammar.equals(bytes, "HTTP/1.1") { return }
        guard bytes.count == 8, Grammar.equals(UnsafeRawBufferPointer(rebasing: bytes[..<5]), "HTTP/"),
            bytes[6] == UInt8(ascii: "."), ASCII.isDigit(bytes[5]), ASCII.isDigit(bytes[7])
        else { throw .requestLine }
        if bytes[5] != UInt8(ascii: "1") { throw .version }
        head.minorVersion = bytes[7] == UInt8(ascii: "0") ? 0 : 1
    }

    /// Origin form, absolute form, or `*` for OPTIONS (RFC 9112 §3.2). The authority form of CONNECT is rejected.
    private mutating func takeTarget(_ range: Range<Int>, of bytes: UnsafeRawBufferPointer) throws(RequestRejection) {
        let target = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard let first = target.first else { throw .target }
        // A target has no fragment (RFC 9112 §3.2). As part of the path it would name another resource.
        for byte in target where !ASCII.isVisible(byte) || byte == UInt8(ascii: "#") { throw .target }
        head.target = MessageRange(range)
        if first == UInt8(ascii: "*"), range.count == 1, head.method == .options {
            head.path = MessageRange(range)
            return
        }
        if first != UInt8(ascii: "/") { return try takeAbsoluteForm(range, of: bytes) }
        takePath(range, of: bytes)
    }

    /// Absolute form. Its authority overrides `Host` (RFC 9112 §3.2.2); it is checked and ignored, as there is one site.
    private mutating func takeAbsoluteForm(
        _ range: Range<Int>, of bytes: UnsafeRawBufferPointer
    ) throws(RequestRejection) {
        let start = range.lowerBound + Self.schemeLength(UnsafeRawBufferPointer(rebasing: bytes[range]))
        guard start > range.lowerBound else { throw .target }
        var end = start
        while end < range.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
        // An empty host is an error for http and https (RFC 9110 §4.2.1, §4.2.2).
        guard end > start, Authority.isValid(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) else {
            throw .target
        }
        takePath(end..<range.upperBound, of: bytes)
        // An empty path is the path "/" (RFC 9110 §4.2.3). The range covers the slash before the authority.
        if head.path.count == 0 { head.path = MessageRange((start - 1)..<start) }
    }

    /// Splits path and query at the first `?` (RFC 3986 §3.3 and §3.4).
    private mutating func takePath(_ range: Range<Int>, of bytes: UnsafeRawBufferPointer) {
        let from = range.lowerBound
        if let mark = Grammar.find(UInt8(ascii: "?"), in: bytes, from..<range.upperBound) {
            head.path = MessageRange(from..<mark)
            head.query = MessageRange((mark + 1)..<range.upperBound)
        } else {
            head.path = MessageRange(from..<range.upperBound)
        }
    }

    /// The length of `http://` or `https://` at the start of `target`, or 0. Schemes have no case (RFC 3986 §3.1).
    private static func schemeLength(_ target: UnsafeRawBufferPointer) -> Int {
        for scheme in ["http://", "https://"] as [StaticString]
        where target.count >= scheme.utf8CodeUnitCount
            && Grammar.equals(UnsafeRawBufferPointer(rebasing: target[..<scheme.utf8CodeUnitCount]), folded: scheme)
        {
            return scheme.utf8CodeUnitCount
        }
        return 0
    }

    // MARK: Fields (RFC 9112 §5)

    private mutating func takeField(_ line: Range<Int>, of bytes: UnsafeRawBufferPointer) throws(RequestRejection) {
        var colon = line.lowerBound
        if ASCII.isBlank(bytes[colon]) { throw .foldedField }  // a server must reject or replace it (RFC 9112 §5.2)
        while colon < line.upperBound, Grammar.isToken(bytes[colon]) { colon += 1 }
        // A name is a token (RFC 9110 §5.1), and white space before the colon must be rejected (RFC 9112 §5.1).
        guard colon < line.upperBound, bytes[colon] == UInt8(ascii: ":"), colon > line.lowerBound else {
            throw .fieldName
        }
        guard Grammar.isFieldValue(bytes, (colon + 1)..<line.upperBound) else { throw .fieldValue }
        let name = UnsafeRawBufferPointer(rebasing: bytes[line.lowerBound..<colon])
        try recognise(name, value: Grammar.trim(bytes, (colon + 1)..<line.upperBound), of: bytes)
    }

    /// Stores the fields that have a property in ``RequestHead``, and applies those that frame the message.
    private mutating func recognise(
        _ name: UnsafeRawBufferPointer, value: Range<Int>, of bytes: UnsafeRawBufferPointer
    ) throws(RequestRejection) {
        switch name.count {
        case 4 where Grammar.equals(name, folded: "host"):
            // More than one Host, or an invalid one, must be answered with 400 (RFC 9112 §3.2).
            state.hostCount += 1
            guard state.hostCount == 1, Authority.isValid(UnsafeRawBufferPointer(rebasing: bytes[value])) else {
                throw .host
            }
            head.host = MessageRange(value)
        case 6 where Grammar.equals(name, folded: "accept"): keepFirst(&head.accept, value)
        case 6 where Grammar.equals(name, folded: "expect"): try takeExpect(value, of: bytes)
        case 10 where Grammar.equals(name, folded: "connection"): takeConnection(value, of: bytes)
        case 11 where Grammar.equals(name, folded: "traceparent"): keepFirst(&head.traceParent, value)
        case 12 where Grammar.equals(name, folded: "x-request-id"): keepFirst(&head.requestID, value)
        case 12 where Grammar.equals(name, folded: "content-type"): keepFirst(&head.contentType, value)
        case 13 where Grammar.equals(name, folded: "authorization"): takeAuthorization(value)
        case 13 where Grammar.equals(name, folded: "if-none-match"): keepFirst(&head.ifNoneMatch, value)
        case 14 where Grammar.equals(name, folded: "content-length"): try takeLength(value, of: bytes)
        case 15 where Grammar.equals(name, folded: "accept-encoding"): keepFirst(&head.acceptEncoding, value)
        case 17 where Grammar.equals(name, folded: "transfer-encoding"): try takeEncoding(value, of: bytes)
        default: head.senderFields.note(name, value: value, of: bytes)
        }
    }

    private func keepFirst(_ range: inout MessageRange, _ value: Range<Int>) {
        if !range.isPresent { range = MessageRange(value) }
    }

    /// Two `Authorization` fields count as an empty one, because the field is not a list (RFC 9110 §5.3, §11.6.2).
    private mutating func takeAuthorization(_ value: Range<Int>) {
        head.authorization = MessageRange(head.authorization.isPresent ? value.lowerBound..<value.lowerBound : value)
    }

    /// An expectation other than 100-continue may be answered with 417 (RFC 9110 §10.1.1).
    private mutating func takeExpect(_ value: Range<Int>, of bytes: UnsafeRawBufferPointer) throws(RequestRejection) {
        guard Grammar.equals(UnsafeRawBufferPointer(rebasing: bytes[value]), folded: "100-continue") else {
            throw .expectation
        }
        state.saw100Continue = true
    }

    /// Connection options have no case (RFC 9110 §7.6.1).
    private mutating func takeConnection(_ value: Range<Int>, of bytes: UnsafeRawBufferPointer) {
        Grammar.forEachMember(of: UnsafeRawBufferPointer(rebasing: bytes[value])) { member in
            if Grammar.equals(member, folded: "close") { state.sawClose = true }
            if Grammar.equals(member, folded: "keep-alive") { state.sawKeepAlive = true }
        }
    }

    /// Repeated lengths and lists are rejected, also with equal values, which RFC 9112 §6.3 item 5 permits.
    private mutating func takeLength(_ value: Range<Int>, of bytes: UnsafeRawBufferPointer) throws(RequestRejection) {
        guard !state.sawLength, let length = Grammar.decimal(UnsafeRawBufferPointer(rebasing: bytes[value])) else {
            throw .contentLength
        }
        state.sawLength = true
        head.contentLength = length
    }

    /// `chunked` alone is accepted. Another coding before a final `chunked` is 501 (RFC 9112 §6.1). If `chunked` is not last,
    /// the length of the body cannot be determined, which is 400 (RFC 9112 §6.3 item 4).
    private mutating func takeEncoding(_ value: Range<Int>, of bytes: UnsafeRawBufferPointer) throws(RequestRejection) {
        guard !state.sawEncoding else { throw .transferEncoding }
        state.sawEncoding = true
        let encoding = UnsafeRawBufferPointer(rebasing: bytes[value])
        if Grammar.equals(encoding, folded: "chunked") { return head.isChunked = true }
        var chunked = 0
        var others = 0
        var endsInChunked = false
        Grammar.forEachMember(of: encoding) { member in
            endsInChunked = Grammar.equals(member, folded: "chunked")
            if endsInChunked { chunked += 1 } else { others += 1 }
        }
        throw endsInChunked && chunked == 1 && others > 0 ? .unknownTransferCoding : .transferEncoding
    }

    // MARK: The whole head

    /// Checks the rules that concern several fields.
    private mutating func finish(limits: RequestLimits, end: Int) throws(RequestRejection) {
        head.fieldLines = MessageRange(Int(head.fieldLines.start)..<end)
        if head.minorVersion == 1 {
            // HTTP/1.1 requires exactly one Host (RFC 9112 §3.2).
            guard state.hostCount == 1 else { throw .host }
        } else if state.sawEncoding {
            // HTTP/1.0 has no Transfer-Encoding: the framing of such a message is faulty (RFC 9112 §6.1).
            throw .transferEncoding
        }
        // Both together may be an attempt to smuggle a request (RFC 9112 §6.1, §6.3 item 3).
        if state.sawEncoding && state.sawLength { throw .lengthAndTransferEncoding }
        if let length = head.contentLength, length > limits.bodyBytes { throw .bodyTooLarge }
        head.keepAlive = !state.sawClose && (head.minorVersion == 1 || state.sawKeepAlive)  // RFC 9112 §9.3
        // The expectation of an HTTP/1.0 caller is ignored (RFC 9110 §10.1.1).
        head.expectsContinue = state.saw100Continue && head.minorVersion == 1
    }
}
