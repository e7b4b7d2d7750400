internal import LatchkeyHTTP

/// Fuzzes the decoder of chunked bodies (RFC 9112 §7.1): splits change nothing, and the limits hold.
enum ChunkedFuzz {
    private static let bodyBytes = 4096
    private static let overheadBytes = 1024

    private struct Outcome: Equatable {
        var body: [UInt8] = []
        var consumed = 0
        var isComplete = false
        var isRejected = false
    }

    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        let whole = outcome(of: bytes, in: [0..<bytes.count])
        let split = outcome(of: bytes, in: FuzzPieces.of(bytes))
        try require(whole.isRejected == split.isRejected, "a body in pieces is rejected like a body in one piece")
        if !whole.isRejected { try require(whole == split, "a body in pieces is read like a body in one piece") }
        try require(whole.body.count <= bodyBytes, "a body stays within its limit")
        try require(whole.consumed <= bytes.count, "a body ends within the input")
    }

    private static func outcome(of bytes: [UInt8], in pieces: [Range<Int>]) -> Outcome {
        bytes.withUnsafeBytes { outcome(of: $0, in: pieces) }
    }

    private static func outcome(of bytes: UnsafeRawBufferPointer, in pieces: [Range<Int>]) -> Outcome {
        var decoder = ChunkedDecoder(bodyBytes: bodyBytes, overheadBytes: overheadBytes)
        var outcome = Outcome()
        do throws(ChunkedDecoder.DecodingError) {
            for piece in pieces where !decoder.isComplete {
                let part = UnsafeRawBufferPointer(rebasing: bytes[piece])
                outcome.consumed += try decoder.receive(part, into: &outcome.body)
            }
            outcome.isComplete = decoder.isComplete
        } catch {
            outcome.isRejected = true
        }
        return outcome
    }
}
