internal import Glibc

/// Reads one request head at a time (RFC 9112 §2–§6), in as many pieces as it comes in.
///
/// Pure and bounded: it keeps offsets, never bytes. Each call is given the message from its first byte; lines already
/// read are not read again, so a head that comes byte by byte costs what it costs in one piece. Each line is judged
/// when it is whole, so the outcome does not depend on how the bytes were cut.
package struct RequestParser {
    /// What the bytes so far amount to.
    package enum Outcome: Equatable, Sendable {
        case incomplete
        /// ``head`` is complete; the message's first `count` bytes are it.
        case head(count: Int)
        case rejected(RequestRefusal)
    }

    /// The head last completed, or the one in progress.
    package private(set) var head = RequestHead()

    private var state = State()

    /// What is known of the message in progress besides its head.
    private struct State {
        /// Where the line now coming begins, and how much of it has been searched for its end.
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

    /// Goes on with the message that starts at `bytes[0]`. After ``Outcome/head(count:)`` or a refusal the parser
    /// stands ready for the next message.
    package mutating func parse(_ bytes: UnsafeRawBufferPointer, limits: MessageLimits) -> Outcome {
        if state.lineStart == 0, state.searched == 0 { head = RequestHead() }
        do throws(RequestRefusal) {
            while let feed = lineFeed(in: bytes) {
                let line = state.lineStart..<feed
                try checkSize(of: line, limits: limits)
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

    private func lineFeed(in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress, state.searched < bytes.count,
            let found = memchr(base + state.searched, 0x0A, bytes.count - state.searched)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    private func checkSize(of line: Range<Int>, limits: MessageLimits) throws(RequestRefusal) {
        if !state.sawRequestLine, line.count > limits.requestLineBytes { throw .targetTooLong }
        if line.upperBound > limits.headBytes { throw .headTooLarge }
    }

    /// One line without its CR LF. True when it is the empty line that ends the head.
    private mutating func take(
        _ line: Range<Int>, of bytes: UnsafeRawBufferPointer, limits: MessageLimits
    ) throws(RequestRefusal) -> Bool {
        if state.sawRequestLine {
            if line.isEmpty { return true }
            state.fieldCount += 1
            if state.fieldCount > limits.fields { throw .headTooLarge }
            try takeField(line, of: bytes)
        } else if line.isEmpty {
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
    ) throws(RequestRefusal) {
        // Exactly one space between the parts: leniency here is how two parsers come to disagree.
        guard let first = Grammar.find(0x20, in: bytes, line),
            let second = Grammar.find(0x20, in: bytes, (first + 1)..<line.upperBound), first > line.lowerBound
        else { throw .requestLine }
        let method = UnsafeRawBufferPointer(rebasing: bytes[line.lowerBound..<first])
        head.method = RequestMethod(method)
        if head.method == .other, !method.allSatisfy(Grammar.isToken) { throw .requestLine }
        try takeVersion(UnsafeRawBufferPointer(rebasing: bytes[(second + 1)..<line.upperBound]))
        try takeTarget((first + 1)..<second, of: bytes)
    }

    private mutating func takeVersion(_ bytes: UnsafeRawBufferPointer) throws(RequestRefusal) {
        if Grammar.equals(bytes, "HTTP/1.1") { return }
        guard bytes.count == 8, Grammar.equals(UnsafeRawBufferPointer(rebasing: bytes[..<5]), "HTTP/"),
            bytes[6] == UInt8(ascii: "."),
            Grammar.isDigit(bytes[5]), Grammar.isDigit(bytes[7])
        else { throw .requestLine }
        if bytes[5] != UInt8(ascii: "1") { throw .version }
        head.minorVersion = bytes[7] == UInt8(ascii: "0") ? 0 : 1
    }

    /// The forms of RFC 9112 §3.2: origin form, absolute form (its authority wins over `Host` and is not looked at
    /// further: there is one site here), and `*` for OPTIONS. CONNECT's authority form is no path.
    private mutating func takeTarget(_ range: Range<Int>, of bytes: UnsafeRawBufferPointer) throws(RequestRefusal) {
        let target = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard let first = target.first else { throw .target }
        // A fragment is never sent (RFC 9112 §3.2); taken as part of the path it would name another resource.
        for byte in target where !Grammar.isVisible(byte) || byte == UInt8(ascii: "#") { throw .target }
        head.target = MessageRange(range)
        if first == UInt8(ascii: "*"), range.count == 1, head.method == .options {
            head.path = MessageRange(range)
            return
        }
        if first != UInt8(ascii: "/") { return try takeAbsoluteForm(range, of: bytes) }
        takePath(range, of: bytes)
    }

    /// Absolute form (RFC 9112 §3.2.2): what follows scheme and authority is the path.
    private mutating func takeAbsoluteForm(
        _ range: Range<Int>, of bytes: UnsafeRawBufferPointer
    ) throws(RequestRefusal) {
        let start = range.lowerBound + Self.schemeLength(UnsafeRawBufferPointer(rebasing: bytes[range]))
        guard start > range.lowerBound else { throw .target }
        var end = start
        while end < range.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
        // An empty host is an error in these schemes (RFC 9110 §4.2.1).
        guard end > start, Authority.isValid(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) else {
            throw .target
        }
        takePath(end..<range.upperBound, of: bytes)
        // An empty path is the path "/" (RFC 9110 §4.2.3); the slash before the authority stands for it.
        if head.path.count == 0 { head.path = MessageRange((start - 1)..<start) }
    }

    private mutating func takePath(_ range: Range<Int>, of bytes: UnsafeRawBufferPointer) {
        let from = range.lowerBound
        if let mark = Grammar.find(UInt8(ascii: "?"), in: bytes, from..<range.upperBound) {
            head.path = MessageRange(from..<mark)
            head.query = MessageRange((mark + 1)..<range.upperBound)
        } else {
            head.path = MessageRange(from..<range.upperBound)
        }
    }

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

    private mutating func takeField(_ line: Range<Int>, of bytes: UnsafeRawBufferPointer) throws(RequestRefusal) {
        var colon = line.lowerBound
        if bytes[colon] == 0x20 || bytes[colon] == 0x09 { throw .foldedField }  // RFC 9112 §5.2
        while colon < line.upperBound, Grammar.isToken(bytes[colon]) { colon += 1 }
        // No white space before the colon (RFC 9112 §5.1), and a name of at least one character.
        guard colon < line.upperBound, bytes[colon] == UInt8(ascii: ":"), colon > line.lowerBound else {
            throw .fieldName
        }
        guard Grammar.isFieldValue(bytes, (colon + 1)..<line.upperBound) else { throw .fieldValue }
        let name = UnsafeRawBufferPointer(rebasing: bytes[line.lowerBound..<colon])
        try recognise(name, value: Grammar.trim(bytes, (colon + 1)..<line.upperBound), of: bytes)
    }

    private mutating func recognise(
        _ name: UnsafeRawBufferPointer, value: Range<Int>, of bytes: UnsafeRawBufferPointer
    ) throws(RequestRefusal) {
        switch name.count {
        case 4 where Grammar.equals(name, folded: "host"):
            state.hostCount += 1
            guard state.hostCount == 1, Authority.isValid(UnsafeRawBufferPointer(rebasing: bytes[value])) else {
                throw .host
            }
            head.host = MessageRange(value)
        case 6 where Grammar.equals(name, folded: "accept"): keepFirst(&head.accept, value)
        case 6 where Grammar.equals(name, folded: "expect"): try takeExpect(value, of: bytes)
        case 10 where Grammar.equals(name, folded: "connection"): takeConnection(value, of: bytes)
        case 12 where Grammar.equals(name, folded: "x-request-id"): keepFirst(&head.requestID, value)
        case 12 where Grammar.equals(name, folded: "content-type"): keepFirst(&head.contentType, value)
        case 13 where Grammar.equals(name, folded: "authorization"): takeAuthorization(value)
        case 13 where Grammar.equals(name, folded: "if-none-match"): keepFirst(&head.ifNoneMatch, value)
        case 14 where Grammar.equals(name, folded: "content-length"): try takeLength(value, of: bytes)
        case 15 where Grammar.equals(name, folded: "accept-encoding"): keepFirst(&head.acceptEncoding, value)
        case 17 where Grammar.equals(name, folded: "transfer-encoding"): try takeEncoding(value, of: bytes)
        default: break
        }
    }

    private func keepFirst(_ range: inout MessageRange, _ value: Range<Int>) {
        if !range.isPresent { range = MessageRange(value) }
    }

    /// Two credentials are none: which of them counted would depend on who reads.
    private mutating func takeAuthorization(_ value: Range<Int>) {
        head.authorization = MessageRange(head.authorization.isPresent ? value.lowerBound..<value.lowerBound : value)
    }

    private mutating func takeExpect(_ value: Range<Int>, of bytes: UnsafeRawBufferPointer) throws(RequestRefusal) {
        guard Grammar.equals(UnsafeRawBufferPointer(rebasing: bytes[value]), folded: "100-continue") else {
            throw .expectation
        }
        state.saw100Continue = true
    }

    private mutating func takeConnection(_ value: Range<Int>, of bytes: UnsafeRawBufferPointer) {
        Grammar.forEachMember(of: UnsafeRawBufferPointer(rebasing: bytes[value])) { member in
            if Grammar.equals(member, folded: "close") { state.sawClose = true }
            if Grammar.equals(member, folded: "keep-alive") { state.sawKeepAlive = true }
        }
    }

    /// RFC 9112 §6.3: repeated lengths are refused even where they agree, as is any list.
    private mutating func takeLength(_ value: Range<Int>, of bytes: UnsafeRawBufferPointer) throws(RequestRefusal) {
        guard !state.sawLength, let length = Grammar.decimal(UnsafeRawBufferPointer(rebasing: bytes[value])) else {
            throw .contentLength
        }
        state.sawLength = true
        head.contentLength = length
    }

    /// `chunked`, alone and once. Where it is last behind codings nobody here knows, that is 501 (RFC 9112 §6.1); where it
    /// is not last, nobody can say where the body ends, and that is 400 (§6.3).
    private mutating func takeEncoding(_ value: Range<Int>, of bytes: UnsafeRawBufferPointer) throws(RequestRefusal) {
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

    private mutating func finish(limits: MessageLimits, end: Int) throws(RequestRefusal) {
        head.fieldLines = MessageRange(Int(head.fieldLines.start)..<end)
        if head.minorVersion == 1 {
            guard state.hostCount == 1 else { throw .host }  // RFC 9112 §3.2
        } else if state.sawEncoding {
            throw .transferEncoding  // RFC 9112 §6.1: HTTP/1.0 has none; a recipient must treat it as faulty
        }
        if state.sawEncoding && state.sawLength { throw .lengthAndTransferEncoding }  // RFC 9112 §6.1
        if let length = head.contentLength, length > limits.bodyBytes { throw .bodyTooLarge }
        head.keepAlive = !state.sawClose && (head.minorVersion == 1 || state.sawKeepAlive)  // RFC 9112 §9.3
        // An HTTP/1.0 caller's expectation is ignored (RFC 9110 §10.1.1).
        head.expectsContinue = state.saw100Continue && head.minorVersion == 1
    }
}
