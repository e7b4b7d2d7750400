import LatchkeyHTTP
import Testing

@Suite struct SenderFieldsTests {
    private func fields(_ lines: String) throws -> SenderFields {
        var parser = RequestParser()
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n".utf8)
        let outcome = bytes.withUnsafeBytes { parser.parse($0, limits: RequestLimits()) }
        #expect(outcome == .head(count: bytes.count))
        return parser.head.senderFields
    }

    @Test(arguments: [
        "Origin", "ORIGIN", "origin", "Sec-Fetch-Site", "sec-fetch-mode", "SEC-FETCH-DEST", "Sec-Fetch-User",
        "Sec-Fetch-Storage-Access", "Sec-Fetch-X",
    ])
    func `A field of a browser is noted, whatever its value is`(name: String) throws {
        #expect(try fields("\(name): null\r\n") == .browser)
        #expect(try fields("\(name):\r\n") == .browser)
    }

    @Test(arguments: ["Sec-Fetch-Mode: cors", "sec-fetch-mode:cors ", "SEC-FETCH-MODE:  CORS"])
    func `The field that Node.js sends with each fetch is not one of a browser`(line: String) throws {
        #expect(try fields("\(line)\r\n") == [])
        #expect(try fields("\(line)\r\nSec-Fetch-Site: none\r\n") == .browser)
        #expect(try fields("\(line)\r\nSec-Fetch-Mode: navigate\r\n") == .browser)
    }

    @Test(arguments: ["Sec-Fetch-Mode: cors-", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: cors"])
    func `Only that one value is excepted`(line: String) throws {
        #expect(try fields("\(line)\r\n") == .browser)
    }

    @Test(arguments: ["X-Forwarded-For", "x-forwarded-for", "Forwarded", "FORWARDED", "Via", "via"])
    func `A field of a proxy is noted`(name: String) throws {
        #expect(try fields("\(name): 203.0.113.9\r\n") == .forwarded)
        #expect(try fields("Origin: null\r\nAccept: */*\r\n\(name): a\r\n") == [.browser, .forwarded])
    }

    @Test(arguments: [
        "Origins", "Origi", "Sec-Fetch-", "Sec-Fetch", "Sec-GPC", "X-Forwarded-Fo", "X-Forwarded-Proto", "Vi", "Vary",
        "Forwarder", "User-Agent", "X-Original", "O", "Expires", "Sec-WebSocket-Key", "5rigin",
    ])
    func `Other fields are not noted`(name: String) throws {
        #expect(try fields("\(name): a\r\n") == [])
    }

    @Test func `A head does not inherit the fields of the one before`() throws {
        var parser = RequestParser()
        for (line, expected) in [("Origin: a\r\n", SenderFields.browser), ("", []), ("Via: a\r\n", .forwarded)] {
            let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n".utf8)
            _ = bytes.withUnsafeBytes { parser.parse($0, limits: RequestLimits()) }
            #expect(parser.head.senderFields == expected)
        }
    }
}
