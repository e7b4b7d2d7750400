internal import LatchkeyHTTP

/// Fuzzes the parser of responses (RFC 9112 §4 to §8): splits change nothing, and the limits hold.
enum ResponseFuzz {
    private enum Outcome: Equatable {
        case incomplete
        case complete(status: Int, body: [UInt8], consumed: Int, mayReuse: Bool)
        case rejected
    }

    /// The first byte determines the method of the request. The other bytes are the response.
    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        guard let first = bytes.first else { return }
        let method = first % 2 == 0 ? "GET" : "HEAD"
        let response = Array(bytes.dropFirst())
        let whole = outcome(of: response, in: [0..<response.count], method)
        let split = outcome(of: response, in: FuzzPieces.of(response), method)
        try require(whole == split, "a response in pieces is read like a response in one piece")
        guard case .complete(let status, let body, _, _) = whole else { return }
        try require((200...999).contains(status), "the final status is not an interim one")
        try require(body.count <= ResponseLimits().bodyBytes, "a body stays within its limit")
        try require(method == "GET" || body.isEmpty, "the response to HEAD has no body")
    }

    private static func outcome(of bytes: [UInt8], in pieces: [Range<Int>], _ method: String) -> Outcome {
        bytes.withUnsafeBytes { outcome(of: $0, in: pieces, method) }
    }

    private static func outcome(
        of bytes: UnsafeRawBufferPointer, in pieces: [Range<Int>], _ method: String
    ) -> Outcome {
        var parser = ResponseParser(method: method)
        var consumed = 0
        do throws(ResponseParser.ParseError) {
            for piece in pieces {
                if case .complete(let count) = try parser.receive(UnsafeRawBufferPointer(rebasing: bytes[piece])) {
                    return complete(parser, consumed: consumed + count)
                }
                consumed += piece.count
            }
            if bytes.isEmpty { return .incomplete }
            try parser.connectionClosed()
            return complete(parser, consumed: bytes.count)
        } catch {
            return error == .truncated ? .incomplete : .rejected
        }
    }

    private static func complete(_ parser: ResponseParser, consumed: Int) -> Outcome {
        .complete(
            status: parser.response.status, body: parser.response.body, consumed: consumed,
            mayReuse: parser.mayReuseConnection)
    }
}
