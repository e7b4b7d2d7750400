import LatchkeyCore
import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

@Suite struct RequestParserTests {
    @Test func `The table of raw requests is complete`() {
        #expect(MessageCase.requests.count >= 200)
    }

    @Test(arguments: MessageCase.requests)
    func `A raw request is parsed as the table says, however it is split`(raw: MessageCase) throws {
        let ways = ByteSplitter.ways(of: raw.bytes.count)
        let whole = RequestStreamReader.read(raw.bytes, in: ways[0])
        check(whole, expect: raw.expect)
        for pieces in ways.dropFirst() {
            let cut = RequestStreamReader.read(raw.bytes, in: pieces)
            try #require(cut.events == whole.events, "split at \(pieces.first?.upperBound ?? 0)")
            try #require(cut.isInsideMessage == whole.isInsideMessage && cut.unread == whole.unread)
        }
    }

    private func check(_ reader: RequestStreamReader, expect: JSON) {
        var expected: JSON? = expect
        var events = reader.events[...]
        while let step = expected {
            if step["incomplete"] != nil {
                #expect(events.isEmpty && reader.isInsideMessage)
            } else if let status = step["status"]?.integer {
                guard case .rejected(let rejection) = events.popFirst() else {
                    Issue.record("not rejected")
                    return
                }
                #expect(rejection.status == Int(status))
                #expect("\(rejection)" == step["reason"]?.string)
            } else {
                guard case .request(let facts) = events.popFirst() else {
                    Issue.record("not accepted")
                    return
                }
                checkFacts(facts, reader, step["accept"]?.object ?? [:])
            }
            expected = step["then"]
        }
        #expect(events.isEmpty, "no further request is read")
    }

    private func checkFacts(_ facts: JSON, _ reader: RequestStreamReader, _ expected: JSONObject) {
        for (key, value) in expected {
            if key == "left" {
                #expect(reader.unread.count == value.integer.map { Int($0) })
            } else {
                #expect(facts[key] == value, "\(key)")
            }
        }
    }

    @Test func `A head that arrives byte by byte is not parsed again from its start`() {
        let head = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8) + Array(repeating: UInt8(ascii: "x"), count: 30_000)
        let clock = ContinuousClock()
        var parser = RequestParser()
        let took = clock.measure {
            for count in 1...head.count {
                let outcome = head.withUnsafeBytes {
                    parser.parse(UnsafeRawBufferPointer(rebasing: $0[..<count]), limits: RequestLimits())
                }
                #expect(outcome == .incomplete)
            }
        }
        // Quadratic parsing would take 450 million steps, minutes in a debug build.
        #expect(took < .seconds(20))
    }

    @Test func `Every byte is accepted or rejected alike at every position of a field value`() {
        for byte in UInt8.min...UInt8.max {
            let isAllowed = byte == 0x09 || (byte >= 0x20 && byte != 0x7F)
            for place in 0..<20 {
                var message = Array("GET / HTTP/1.0\r\nX: abcdefghijklmnopqrst\r\n\r\n".utf8)
                message[19 + place] = byte
                var parser = RequestParser()
                let outcome = message.withUnsafeBytes { parser.parse($0, limits: RequestLimits()) }
                #expect((outcome == .head(count: message.count)) == isAllowed, "byte \(byte) at \(place)")
            }
        }
    }

    @Test func `Names and methods accept exactly the token characters of RFC 9110`() {
        let tokens = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max {
            for head in [
                [byte] + Array(" / HTTP/1.0\r\n\r\n".utf8),
                Array("GET / HTTP/1.0\r\n".utf8) + [byte] + Array(": v\r\n\r\n".utf8),
            ] {
                var parser = RequestParser()
                let outcome = head.withUnsafeBytes { parser.parse($0, limits: RequestLimits()) }
                #expect((outcome == .head(count: head.count)) == tokens.contains(byte), "byte \(byte)")
            }
        }
    }

    @Test func `Every rejection has a 4xx or 5xx status and its own reason`() {
        #expect(RequestRejection.allCases.allSatisfy { (400...599).contains($0.status) && !$0.reason.isEmpty })
        #expect(Set(RequestRejection.allCases.map(\.reason)).count == RequestRejection.allCases.count)
        #expect(RequestRejection.allCases.allSatisfy { "\(HTTPStatus.reason($0.status))" != "Unknown" })
    }

    @Test func `Any field can be found by name, and its first line is returned`() {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX-One:  1 \r\nx-ONE: 2\r\nX-Empty:\r\n\r\n".utf8)
        bytes.withUnsafeBytes { message in
            var parser = RequestParser()
            #expect(parser.parse(message, limits: RequestLimits()) == .head(count: message.count))
            #expect(parser.head.field("x-one", in: message).text(of: message) == "1")
            #expect(parser.head.field("x-empty", in: message).isPresent)
            #expect(parser.head.field("x-empty", in: message).text(of: message).isEmpty)
            #expect(!parser.head.field("x", in: message).isPresent)
            #expect(parser.head.fields(in: message).values("x-one") == ["1", "2"])
        }
    }

    @Test func `The limits are parameters of the parser`() {
        var limits = RequestLimits()
        limits.fields = 1
        limits.requestLineBytes = 20
        limits.headBytes = 40
        limits.bodyBytes = 2
        func outcome(_ text: String) -> RequestParser.Outcome {
            var parser = RequestParser()
            return Array(text.utf8).withUnsafeBytes { parser.parse($0, limits: limits) }
        }
        #expect(outcome("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == .head(count: 27))
        #expect(outcome("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n") == .rejected(.headTooLarge))
        #expect(outcome("GET /aaaaaaaaaaaaaaaaaa HTTP/1.1\r\n") == .rejected(.targetTooLong))
        #expect(outcome("GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n") == .rejected(.headTooLarge))
        #expect(outcome("GET / HTTP/1.0\r\nContent-Length: 3\r\n\r\n") == .rejected(.bodyTooLarge))
    }
}
