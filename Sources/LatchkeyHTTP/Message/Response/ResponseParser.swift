/// Parses one response for the client (RFC 9112 §4 to §8), however the network splits it.
///
/// Framing is as strict as for requests: a response whose end is in doubt fails, and its connection is closed.
package struct ResponseParser: Sendable {
    /// Why a response cannot be used.
    package enum ParseError: Error, Hashable, Sendable {
        case malformed(reason: String)
        case tooLarge
        /// The connection closed before the end of the message (RFC 9112 §8).
        case truncated
    }

    /// The result of parsing the bytes received so far.
    package enum Progress: Equatable, Sendable {
        case incomplete
        /// ``response`` is complete; `consumed` bytes of the input belong to it.
        case complete(consumed: Int)
    }

    private enum Phase {
        case head
        case length(left: Int)
        case chunked(ChunkedDecoder)
        case untilClose
        case complete
    }

    /// The response, complete after ``Progress/complete(consumed:)``.
    package private(set) var response = HTTPResponse(status: 0)
    /// Whether the connection may carry another request after this response (RFC 9112 §9.3).
    package private(set) var mayReuseConnection = false
    /// Whether at least one byte has been received.
    package private(set) var hasBegun = false

    private let limits: ResponseLimits
    private let isResponseToHead: Bool
    private var phase = Phase.head
    private var headBytes: [UInt8] = []
    private var interimCount = 0

    /// - Parameter method: the method of the request. A response to HEAD never has a body (RFC 9110 §9.3.2).
    package init(method: String, limits: ResponseLimits = ResponseLimits()) {
        self.limits = limits
        isResponseToHead = method == "HEAD"
    }

    /// Whether the head of the final response is complete and its body is not.
    package var isInBody: Bool {
        switch phase {
        case .head, .complete: false
        case .length, .chunked, .untilClose: true
        }
    }

    /// Continues with the bytes received next.
    package mutating func receive(_ bytes: UnsafeRawBufferPointer) throws(ParseError) -> Progress {
        if !bytes.isEmpty { hasBegun = true }
        var offset = 0
        while true {
            if case .head = phase {
                guard let consumed = try receiveHead(UnsafeRawBufferPointer(rebasing: bytes[offset...])) else {
                    return .incomplete
                }
                offset += consumed
            } else {
                offset += try receiveBody(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
                if case .complete = phase { return .complete(consumed: offset) }
                if offset == bytes.count { return .incomplete }
            }
        }
    }

    /// Handles the end of the stream.
    ///
    /// - Throws: ``ParseError/truncated``, unless the body ends with the connection (RFC 9112 §6.3 item 8).
    package mutating func connectionClosed() throws(ParseError) {
        guard case .untilClose = phase else { throw .truncated }
        phase = .complete
    }

    // MARK: Head

    /// - Returns: the number of bytes up to the end of a head, or nil while it is incomplete.
    private mutating func receiveHead(_ bytes: UnsafeRawBufferPointer) throws(ParseError) -> Int? {
        for (index, byte) in bytes.enumerated() {
            headBytes.append(byte)
            if headBytes.count > limits.headBytes { throw .tooLarge }
            guard byte == 0x0A else {
                try checkPrefix()
                continue
            }
            guard headBytes.count >= 2, headBytes[headBytes.count - 2] == 0x0D else {
                throw .malformed(reason: "a line of the response head does not end in CR LF")
            }
            if headBytes.suffix(4).elementsEqual([0x0D, 0x0A, 0x0D, 0x0A]) {
                let head = headBytes
                headBytes = []
                try finishHead(head)
                return index + 1
            }
        }
        return nil
    }

    /// Rejects other protocols (HTTP/0.9, TLS alerts) at their first wrong byte, instead of waiting for a line end.
    private func checkPrefix() throws(ParseError) {
        let count = headBytes.count
        if count <= 7, headBytes[count - 1] != Array("HTTP/1.".utf8)[count - 1] {
            throw .malformed(reason: "not an HTTP/1 response")
        }
    }

    private mutating func finishHead(_ head: [UInt8]) throws(ParseError) {
        let lines = head.dropLast(4).split(separator: 0x0A, omittingEmptySubsequences: false)
        guard let statusLine = lines.first else { throw .malformed(reason: "no status line") }
        let (minor, status) = try Self.statusLine(Self.withoutReturn(statusLine))
        if lines.count - 1 > limits.fields { throw .tooLarge }
        var fields = HTTPFields()
        for line in lines.dropFirst() { try Self.field(Self.withoutReturn(line), into: &fields) }
        if status < 200 {
            // Interim responses are skipped (RFC 9110 §15.2). The client never asks for an upgrade (RFC 9110 §7.8).
            interimCount += 1
            if status == 101 { throw .malformed(reason: "an upgrade that was not asked for") }
            if interimCount > limits.interimResponses { throw .malformed(reason: "too many interim responses") }
            return
        }
        response = HTTPResponse(status: status, fields: fields)
        try frame(minor: minor)
    }

    /// The line without the CR at its end.
    private static func withoutReturn(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        line.last == 0x0D ? line.dropLast() : line
    }

    /// The status line (RFC 9112 §4). The reason phrase may be missing, and the space before it too.
    private static func statusLine(_ line: ArraySlice<UInt8>) throws(ParseError) -> (minor: UInt8, status: Int) {
        let bytes = Array(line)
        guard bytes.count >= 12, bytes.starts(with: "HTTP/1.".utf8), Grammar.isDigit(bytes[7]), bytes[8] == 0x20,
            bytes[9..<12].allSatisfy(Grammar.isDigit), bytes.count == 12 || bytes[12] == 0x20,
            bytes.dropFirst(12).allSatisfy(Grammar.isFieldValue)
        else { throw .malformed(reason: "bad status line") }
        let status = bytes[9..<12].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard (100...599).contains(status) else { throw .malformed(reason: "bad status code") }
        return (bytes[7] - 0x30, status)
    }

    /// A field line (RFC 9112 §5). A folded line fails: RFC 9112 §5.2 asks a user agent to unfold it, but no upstream sends
    /// one.
    private static func field(_ line: ArraySlice<UInt8>, into fields: inout HTTPFields) throws(ParseError) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(Grammar.isToken)
        else { throw .malformed(reason: "bad field name") }
        let value = line[(colon + 1)...]
        guard value.allSatisfy(Grammar.isFieldValue) else { throw .malformed(reason: "bad field value") }
        let trimmed = value.drop(while: Grammar.isBlank).reversed().drop(while: Grammar.isBlank).reversed()
        fields.append(String(decoding: line[..<colon], as: UTF8.self), String(decoding: trimmed, as: UTF8.self))
    }

    // MARK: Body

    /// Determines how the body ends (RFC 9112 §6.3) and whether the connection persists (RFC 9112 §9.3).
    private mutating func frame(minor: UInt8) throws(ParseError) {
        let lengths = response.fields.values("content-length")
        let encodings = response.fields.values("transfer-encoding")
        var (closes, keepsAlive) = (false, false)
        for value in response.fields.values("connection") {
            Array(value.utf8).withUnsafeBytes { bytes in
                Grammar.forEachMember(of: bytes) { member in
                    if Grammar.equals(member, folded: "close") { closes = true }
                    if Grammar.equals(member, folded: "keep-alive") { keepsAlive = true }
                }
            }
        }
        mayReuseConnection = !closes && (minor >= 1 || keepsAlive)
        // Repeated lengths fail, also when they are equal, which RFC 9112 §6.3 item 5 permits.
        if lengths.count > 1 { throw .malformed(reason: "more than one content-length") }
        // Both together may be an attempt to split the response (RFC 9112 §6.3 item 3).
        if !encodings.isEmpty, !lengths.isEmpty {
            throw .malformed(reason: "content-length and transfer-encoding exclude each other")
        }
        if isResponseToHead || HTTPStatus.isBodyless(response.status) {
            // RFC 9112 §6.3 item 1.
            phase = .complete
        } else if let encoding = encodings.first {
            // Chunked is the only coding the client accepts (RFC 9112 §6.3 item 4), and HTTP/1.0 has none (§6.1).
            guard encodings.count == 1, HTTPFields.namesMatch(encoding, "chunked"), minor >= 1 else {
                throw .malformed(reason: "unknown transfer coding")
            }
            phase = .chunked(ChunkedDecoder(bodyBytes: limits.bodyBytes, overheadBytes: limits.headBytes * 2))
        } else if let length = lengths.first {
            // RFC 9112 §6.3 item 6.
            let value = Array(length.utf8).withUnsafeBytes { Grammar.decimal($0) }
            guard let value else { throw .malformed(reason: "bad content-length") }
            if value > limits.bodyBytes { throw .tooLarge }
            phase = value == 0 ? .complete : .length(left: value)
        } else {
            // The body ends with the connection (RFC 9112 §6.3 item 8).
            mayReuseConnection = false
            phase = .untilClose
        }
    }

    private mutating func receiveBody(_ bytes: UnsafeRawBufferPointer) throws(ParseError) -> Int {
        switch phase {
        case .head, .complete: return 0
        case .length(let left):
            let count = min(left, bytes.count)
            response.body.append(contentsOf: bytes[..<count])
            phase = left == count ? .complete : .length(left: left - count)
            return count
        case .untilClose:
            response.body.append(contentsOf: bytes)
            if response.body.count > limits.bodyBytes { throw .tooLarge }
            return bytes.count
        case .chunked(var decoder):
            do throws(ChunkedDecoder.DecodingError) {
                let count = try decoder.receive(bytes, into: &response.body)
                phase = decoder.isComplete ? .complete : .chunked(decoder)
                return count
            } catch {
                throw error == .tooLarge ? .tooLarge : .malformed(reason: "bad chunk")
            }
        }
    }
}
