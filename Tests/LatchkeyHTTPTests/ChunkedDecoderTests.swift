import LatchkeyCore
import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

@Suite struct ChunkedDecoderTests {
    /// The result of decoding a body.
    struct Reading: Equatable {
        var body: [UInt8] = []
        var consumed = 0
        var isComplete = false
        var failure: ChunkedDecoder.DecodingError?
    }

    @Test func `The table of chunked bodies is complete`() {
        #expect(MessageCase.chunked.count >= 60)
    }

    @Test(arguments: MessageCase.chunked)
    func `A chunked body is decoded as the table says, however it is split`(raw: MessageCase) throws {
        let limit = Int(raw.options["bodyBytes"]?.integer ?? 65_536)
        for pieces in ByteSplitter.ways(of: raw.bytes.count) {
            let reading = Self.read(raw.bytes, in: pieces, limit: limit)
            if let refused = raw.expect["refused"]?.string {
                try #require(reading.failure.map { "\($0)" } == refused)
            } else if raw.expect["incomplete"] != nil {
                try #require(!reading.isComplete && reading.failure == nil && reading.consumed == raw.bytes.count)
            } else {
                try #require(reading.isComplete)
                #expect(reading.body == raw.expect["body"].flatMap(MessageCase.joined))
                #expect(raw.bytes.count - reading.consumed == raw.expect["left"]?.integer.map { Int($0) })
            }
        }
    }

    @Test func `A chunked body with random faults is decoded the same however it is split, and never over its limit`() {
        var random = SeededGenerator(seed: 7112)
        let seeds = MessageCase.chunked.map(\.bytes).filter { $0.count < 300 }
        for round in 0..<4000 {
            let bytes = random.mutate(seeds.randomElement(using: &random) ?? [])
            let whole = Self.read(bytes, in: [0..<bytes.count], limit: 64)
            let bytewise = Self.read(bytes, in: ByteSplitter.pieces(of: bytes.count, size: 1), limit: 64)
            let thirds = Self.read(bytes, in: ByteSplitter.pieces(of: bytes.count, size: 3), limit: 64)
            #expect(whole.failure == bytewise.failure && whole.failure == thirds.failure, "round \(round)")
            #expect(whole.body.count <= 64)
            if whole.failure == nil { #expect(whole == bytewise && whole == thirds, "round \(round)") }
        }
    }

    static func read(_ bytes: [UInt8], in pieces: [Range<Int>], limit: Int) -> Reading {
        var decoder = ChunkedDecoder(bodyBytes: limit, overheadBytes: 16 * 1024)
        var reading = Reading()
        for piece in pieces where !decoder.isComplete {
            bytes[piece].withUnsafeBytes { input in
                do throws(ChunkedDecoder.DecodingError) {
                    reading.consumed += try decoder.receive(input, into: &reading.body)
                } catch {
                    reading.failure = error
                }
            }
            if reading.failure != nil { return reading }
        }
        reading.isComplete = decoder.isComplete
        return reading
    }
}
