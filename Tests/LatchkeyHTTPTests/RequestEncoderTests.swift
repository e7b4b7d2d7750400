import LatchkeyCore
import LatchkeyHTTP
import Testing

@Suite struct RequestEncoderTests {
    private func encoded(_ request: HTTPRequest, authority: String = "a.example:8443") throws -> String {
        String(decoding: try RequestEncoder.encode(request, authority: authority), as: UTF8.self)
    }

    @Test func `A GET request without a body has no Content-Length`() throws {
        let request = HTTPRequest(method: "GET", target: "/x?y=1", fields: ["Accept": "*/*"])
        #expect(try encoded(request) == "GET /x?y=1 HTTP/1.1\r\nHost: a.example:8443\r\nAccept: */*\r\n\r\n")
    }

    @Test func `A method that may have a body sends its length, also when it is zero`() throws {
        let post = HTTPRequest(method: "POST", target: "/", body: Array("{}".utf8))
        #expect(
            try encoded(post, authority: "[::1]") == "POST / HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 2\r\n\r\n{}")
        #expect(try encoded(HTTPRequest(method: "PUT", target: "/")).contains("\r\nContent-Length: 0\r\n"))
    }

    @Test(arguments: [
        ("GET ", "/"), ("", "/"), ("G\r\nX: y", "/"), ("GET", ""), ("GET", "/a b"), ("GET", "/a\r\nX: y"),
        ("GET", "/\0"),
        ("GET", "/é"), ("GET", "/\u{7f}"),
    ])
    func `A request line that a recipient would read differently is not sent`(method: String, target: String) {
        #expect(throws: RequestEncoder.EncodingError.requestLine) {
            try encoded(HTTPRequest(method: method, target: target))
        }
    }

    @Test(arguments: ["", "a\r\nX: y", "a b", "u@a", "a/b"])
    func `A malformed authority is not sent`(authority: String) {
        #expect(throws: RequestEncoder.EncodingError.requestLine) {
            try encoded(HTTPRequest(method: "GET", target: "/"), authority: authority)
        }
    }

    @Test(arguments: [
        ("X", "a\r\nSet-Cookie: b"), ("X", "a\n"), ("X", "a\0b"), ("X", "a\u{7f}"), ("", "a"), ("X Y", "a"),
        ("X:", "a"),
        ("X\r\n", "a"), ("Host", "b"), ("content-length", "5"), ("Transfer-Encoding", "chunked"),
    ])
    func `A field that would split or reframe the request is not sent`(name: String, value: String) {
        var request = HTTPRequest(method: "GET", target: "/")
        request.fields.append(name, value)
        #expect(throws: RequestEncoder.EncodingError.field(name: name)) { try encoded(request) }
    }

    @Test func `The request parser reads what the encoder writes`() throws {
        let request = HTTPRequest(
            method: "POST", target: "/oauth/token", fields: ["Authorization": "Basic eDp5", "X-Empty": ""],
            body: Array(repeating: 0x0A, count: 9))
        let bytes = try RequestEncoder.encode(request, authority: "a")
        let reader = RequestStreamReader.read(bytes, in: [0..<bytes.count])
        guard case .request(let facts) = reader.events.first else {
            Issue.record("not accepted")
            return
        }
        #expect(facts["authorization"] == "Basic eDp5")
        #expect(facts["body"] == latin1(request.body))
    }
}
