import LatchkeyCore
import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

@Suite struct ResponseParserTests {
    /// The result of parsing a response.
    struct Reading: Equatable {
        var response: JSON?
        var consumed = 0
        /// Without the text of the reason: which of several faults is found first may depend on the split.
        var failure: String?
    }

    @Test func `The table of raw responses is complete`() {
        #expect(MessageCase.responses.count >= 100)
    }

    @Test(arguments: MessageCase.responses)
    func `A raw response is parsed as the table says, however it is split`(raw: MessageCase) throws {
        let method = raw.options["method"]?.string ?? "GET"
        let closed = raw.options["closed"]?.bool ?? false
        for pieces in ByteSplitter.ways(of: raw.bytes.count) {
            let reading = Self.read(raw.bytes, in: pieces, method: method, closed: closed)
            if let refused = raw.expect["refused"]?.string {
                try #require(reading.failure == refused)
            } else if raw.expect["incomplete"] != nil {
                try #require(reading.response == nil && reading.failure == nil)
            } else {
                try #require(reading.failure == nil)
                let response = try #require(reading.response)
                for (key, value) in raw.expect.object ?? [:] {
                    if key == "left" {
                        #expect(raw.bytes.count - reading.consumed == value.integer.map { Int($0) })
                    } else {
                        #expect(response[key] == value, "\(key)")
                    }
                }
            }
        }
    }

    @Test func `A response with random faults is parsed the same however it is split`() {
        var random = SeededGenerator(seed: 9112)
        let seeds = MessageCase.responses.map(\.bytes).filter { $0.count < 400 && !$0.isEmpty }
        for round in 0..<4000 {
            let bytes = random.mutate(seeds.randomElement(using: &random) ?? [])
            let whole = Self.read(bytes, in: [0..<bytes.count], method: "GET", closed: true)
            let bytewise = Self.read(
                bytes, in: ByteSplitter.pieces(of: bytes.count, size: 1), method: "GET", closed: true)
            let thirds = Self.read(
                bytes, in: ByteSplitter.pieces(of: bytes.count, size: 3), method: "GET", closed: true)
            #expect(whole == bytewise && whole == thirds, "round \(round)")
        }
    }

    static func read(_ bytes: [UInt8], in pieces: [Range<Int>], method: String, closed: Bool) -> Reading {
        var parser = ResponseParser(method: method)
        var reading = Reading()
        do throws(ResponseParser.ParseError) {
            for piece in pieces {
                let progress = try receive(bytes[piece], by: &parser)
                if case .complete(let consumed) = progress {
                    reading.consumed += consumed
                    reading.response = facts(parser)
                    return reading
                }
                reading.consumed += piece.count
            }
            if closed {
                try parser.connectionClosed()
                reading.response = facts(parser)
            }
        } catch {
            switch error {
            case .malformed: reading.failure = "malformed"
            case .tooLarge: reading.failure = "tooLarge"
            case .truncated: reading.failure = "truncated"
            }
            reading.consumed = 0
        }
        return reading
    }

    private static func receive(
        _ bytes: ArraySlice<UInt8>, by parser: inout ResponseParser
    ) throws(ResponseParser.ParseError) -> ResponseParser.Progress {
        let outcome: Result<ResponseParser.Progress, ResponseParser.ParseError> = bytes.withUnsafeBytes { input in
            do throws(ResponseParser.ParseError) {
                return .success(try parser.receive(input))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private static func facts(_ parser: ResponseParser) -> JSON {
        [
            "status": .integer(Int64(parser.response.status)), "body": latin1(parser.response.body),
            "reuse": .bool(parser.mayReuseConnection),
            "fields": .array(parser.response.fields.lines.map { [.string($0.name), .string($0.value)] }),
        ]
    }
}
