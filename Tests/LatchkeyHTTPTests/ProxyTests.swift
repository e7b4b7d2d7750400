import LatchkeyCrypto
import LatchkeyHTTP
import Testing

@Suite("A proxy's URL")
struct ProxyTests {
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
    func `It is read as botocore reads it, and shown without its credentials`(
        text: String, shown: String, authorization: String?
    ) throws {
        let proxy = try ProxyServer(text)
        #expect("\(proxy)" == shown)
        #expect(proxy.authorization?.revealText() == authorization)
    }

    @Test(arguments: ["socks5://proxy.example:1080", "socks4a://p", "ftp://proxy.example"])
    func `Another scheme is named and refused`(text: String) {
        let scheme = String(text.prefix { $0 != ":" })
        #expect(throws: ProxyServer.Refusal.scheme(scheme)) { try ProxyServer(text) }
    }

    @Test(arguments: [
        "", "http://", "http://:3128", "http://a b", "http://proxy:99999", "http://proxy:0", "http://[::1", "://x",
    ])
    func `What names no host is refused`(text: String) {
        #expect(throws: ProxyServer.Refusal.malformed) { try ProxyServer(text) }
    }
}

@Suite struct `Hosts past a proxy` {
    @Test(arguments: [
        "localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.9.9.9", "127.1", "0x7f000001",
        "2130706433",
        "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "169.254.169.254", "169.254.170.2", "169.254.170.23",
        "::ffff:169.254.169.254",
        "fe80::1", "fd00:ec2::23", "fd00:ec2::254",
    ])
    func `This machine and its link are never reached through one`(host: String) {
        #expect(ProxyBypass.isLocal(host))
    }

    @Test(arguments: [
        "128.0.0.1", "10.0.0.1", "169.253.0.1", "fd00:ec3::1", "fec0::1", "::2", "localhost.example", "notlocalhost",
        "127.0.0.1.example",
        "ssm.eu-central-1.amazonaws.com",
    ])
    func `Any other host may be`(host: String) { #expect(!ProxyBypass.isLocal(host)) }

    @Test(arguments: [
        ("a.example", "a.example", 443, true), ("a.example", "b.a.example", 443, true),
        (".a.example", "a.example", 443, true),
        ("..a.example", "b.a.example", 443, true), ("A.Example", "a.example", 443, true),
        ("ample", "a.example", 443, false),
        ("a.example", "aa.example", 443, false), (" x , a.example ", "a.example", 443, true),
        ("a.example:8443", "a.example", 8443, true),
        ("a.example:8443", "b.a.example", 8443, true), ("a.example:8443", "a.example", 443, false),
        ("a.example", "a.example", 8443, true),
        ("*", "a.example", 443, true), ("*.example", "a.example", 443, false), ("x,*", "a.example", 443, false),
        ("10.0.0.0/8", "10.1.2.3", 443, false), ("10.1.2.3", "10.1.2.3", 443, true),
        ("2001:db8::1", "2001:db8::1", 443, true),
        ("[2001:db8::1]", "2001:db8::1", 443, true), ("[2001:db8::1]:8443", "2001:db8::1", 8443, true),
        ("", "a.example", 443, false),
        (",,", "a.example", 443, false),
    ])
    func `The list is read as urllib reads it`(list: String, host: String, port: Int, isPast: Bool) {
        let origin = Origin(scheme: .https, host: host, port: UInt16(port))
        #expect(ProxyBypass(list).contains(origin) == isPast)
    }
}

@Suite struct `Proxy variables` {
    private static func read(_ environment: [String: String]) -> [String: String] {
        ProxyVariables.inForce(environment).mapValues(\.value)
    }

    @Test func `The lower-case name wins, and takes the other away where it is empty`() {
        #expect(Self.read(["HTTPS_PROXY": "u", "https_proxy": "l"]) == ["https": "l"])
        #expect(Self.read(["HTTPS_PROXY": "u", "https_proxy": ""]).isEmpty)
        #expect(Self.read(["HTTPS_PROXY": "u", "NO_PROXY": ""]) == ["https": "u"])
        #expect(Self.read(["Https_Proxy": "m"]) == ["https": "m"])
        #expect(Self.read(["HTTPS_proxy": "half", "https_proxy": "l"])["https"] == "l")
    }

    @Test func `Under CGI HTTP_PROXY may be a caller's header`() {
        #expect(Self.read(["HTTP_PROXY": "u", "REQUEST_METHOD": "GET", "HTTPS_PROXY": "s"]) == ["https": "s"])
        #expect(Self.read(["http_proxy": "l", "REQUEST_METHOD": "GET"]) == ["http": "l"])
    }
}

@Suite struct `A tunnel` {
    private static let origin = Origin(scheme: .https, host: "ssm.example")

    private static func progress(_ answer: String, pieces size: Int = .max) throws -> ProxyTunnel.Progress {
        var tunnel = ProxyTunnel(to: origin, by: try ProxyServer("proxy.example:3128"))
        var progress = ProxyTunnel.Progress.incomplete
        var rest = Array(answer.utf8)[...]
        while !rest.isEmpty, progress == .incomplete {
            let piece = Array(rest.prefix(size))
            rest = rest.dropFirst(piece.count)
            progress = piece.withUnsafeBytes { tunnel.receive($0) }
        }
        return progress
    }

    @Test func `It is asked for by name and port, with the proxy's credentials`() throws {
        let tunnel = ProxyTunnel(to: Self.origin, by: try ProxyServer("http://user:pass@proxy.example"))
        #expect(
            String(decoding: tunnel.request, as: UTF8.self)
                == "CONNECT ssm.example:443 HTTP/1.1\r\nHost: ssm.example:443\r\n"
                + "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n")
        let six = ProxyTunnel(
            to: Origin(scheme: .https, host: "2001:db8::1", port: 8443), by: try ProxyServer("proxy.example"))
        #expect(String(decoding: six.request, as: UTF8.self).hasPrefix("CONNECT [2001:db8::1]:8443 HTTP/1.1\r\n"))
    }

    @Test(arguments: [Int.max, 1, 3])
    func `Any 2xx opens it, whatever its fields say of a body`(size: Int) throws {
        for answer in [
            "HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ] {
            #expect(try Self.progress(answer, pieces: size) == .open)
        }
    }

    @Test(arguments: [403, 407, 301, 500, 502, 504])
    func `Any other status is the proxy's refusal`(status: Int) throws {
        let answer = "HTTP/1.1 \(status) No\r\nContent-Length: 3\r\n\r\nno\n"
        #expect(try Self.progress(answer) == .failed(.refused(status: status)))
        #expect(try Self.progress(answer, pieces: 1) == .failed(.refused(status: status)))
    }

    @Test func `Bytes behind the answer, and what is no answer, are refused`() throws {
        #expect(try Self.progress("HTTP/1.1 200 OK\r\n\r\nSSH-2.0") == .failed(.malformed))
        #expect(try Self.progress("SSH-2.0-OpenSSH\r\n") == .failed(.malformed))
        #expect(try Self.progress("\u{16}\u{3}") == .failed(.malformed))
    }

    @Test func `A head is bounded`() throws {
        let long = "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 70_000)
        #expect(try Self.progress(long) == .failed(.malformed))
        #expect(try Self.progress("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 10_000)) == .incomplete)
    }
}
