import LatchkeyCrypto
import LatchkeyHTTP
import Testing

@Suite("A proxy's URL")
struct ProxyServerTests {
    @Test(
        arguments: [
            ("http://proxy.example:3128", "http://proxy.example:3128", nil),
            ("proxy.example:3128", "http://proxy.example:3128", nil),
            ("//proxy.example", "http://proxy.example:80", nil),
            ("https://proxy.example", "https://proxy.example:443", nil),
            ("HTTP://Proxy.Example:3128/path?x", "http://proxy.example:3128", nil),
            ("http://[::1]:8080", "http://[::1]:8080", nil),
            ("http://proxy.example:", "http://proxy.example:80", nil),
            ("http://user:pass@proxy.example:3128", "http://proxy.example:3128", "Basic dXNlcjpwYXNz"),
            ("http://user@proxy.example", "http://proxy.example:80", "Basic dXNlcjo="),
            ("http://u%40x:p%3Aw%2F@proxy.example", "http://proxy.example:80", "Basic dUB4OnA6dy8="),
            ("http://user:100%@proxy.example", "http://proxy.example:80", "Basic dXNlcjoxMDAl"),
            ("http://a@b:c@proxy.example", "http://proxy.example:80", "Basic YUBiOmM="),
        ] as [(String, String, String?)])
    func `The URL is parsed like botocore does, and shown without its credentials`(
        text: String, shown: String, authorization: String?
    ) throws {
        let proxy = try ProxyServer(text)
        #expect("\(proxy)" == shown)
        #expect(proxy.authorization?.revealText() == authorization)
    }

    @Test(arguments: ["socks5://proxy.example:1080", "socks4a://p", "ftp://proxy.example"])
    func `Another scheme is rejected by name`(text: String) {
        let scheme = String(text.prefix { $0 != ":" })
        #expect(throws: ProxyServer.ParseError.scheme(scheme)) { try ProxyServer(text) }
    }

    @Test(arguments: [
        "", "http://", "http://:3128", "http://a b", "http://proxy:99999", "http://proxy:0", "http://[::1", "://x",
    ])
    func `A URL without a host is rejected`(text: String) {
        #expect(throws: ProxyServer.ParseError.malformed) { try ProxyServer(text) }
    }
}
