import LatchkeyHTTP
import Testing

@Suite("Proxy variables")
struct ProxyVariablesTests {
    private static func read(_ environment: [String: String]) -> [String: String] {
        ProxyVariables.effective(environment).mapValues(\.value)
    }

    @Test func `The lower-case name takes precedence, and removes the other one when it is empty`() {
        #expect(Self.read(["HTTPS_PROXY": "u", "https_proxy": "l"]) == ["https": "l"])
        #expect(Self.read(["HTTPS_PROXY": "u", "https_proxy": ""]).isEmpty)
        #expect(Self.read(["HTTPS_PROXY": "u", "NO_PROXY": ""]) == ["https": "u"])
        #expect(Self.read(["Https_Proxy": "m"]) == ["https": "m"])
        #expect(Self.read(["HTTPS_proxy": "half", "https_proxy": "l"])["https"] == "l")
    }

    @Test func `Under CGI, HTTP_PROXY is ignored because it may come from a request`() {
        #expect(Self.read(["HTTP_PROXY": "u", "REQUEST_METHOD": "GET", "HTTPS_PROXY": "s"]) == ["https": "s"])
        #expect(Self.read(["http_proxy": "l", "REQUEST_METHOD": "GET"]) == ["http": "l"])
    }
}
