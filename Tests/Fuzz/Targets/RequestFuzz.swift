internal import LatchkeyHTTP

/// Fuzzes the parser of request heads (RFC 9112 §2 to §6): splits change nothing, and nothing forbidden is accepted.
enum RequestFuzz {
    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        let limits = RequestLimits()
        var parser = RequestParser()
        let whole = bytes.withUnsafeBytes { parser.parse($0, limits: limits) }
        var piecewise = RequestParser()
        var outcome = RequestParser.Outcome.incomplete
        for piece in FuzzPieces.of(bytes) where outcome == .incomplete {
            outcome = bytes[..<piece.upperBound].withUnsafeBytes { piecewise.parse($0, limits: limits) }
        }
        if !bytes.isEmpty {
            try require(outcome == whole, "a head in pieces is read like a head in one piece")
        }
        guard case .head(let count) = whole else { return }
        try require((1...bytes.count).contains(count), "a head ends within the input")
        try check(parser.head, bytes)
    }

    private static func check(_ head: RequestHead, _ bytes: [UInt8]) throws(FuzzViolation) {
        let (target, lines) = bytes.withUnsafeBytes { (head.target.text(of: $0), head.fields(in: $0).lines) }
        try require(
            target.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }, "a target contains no space and no control character")
        for line in lines {
            let isAllowed = line.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            try require(isAllowed, "a field value contains no control character but the tab")
            try require(!line.name.isEmpty, "a field has a name")
        }
        try require(!head.isChunked || head.contentLength == nil, "a body has only one framing")
    }
}
