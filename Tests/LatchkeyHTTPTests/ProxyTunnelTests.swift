import LatchkeyHTTP
import Testing

@Suite("A proxy tunnel")
struct ProxyTunnelTests {
    private static let origin = Origin(scheme: .https, host: "ssm.example")

    private static func progress(_ answer: String, pieces size: Int = .max) throws -> ProxyTunnel.Progress {
        var tunnel = ProxyTunnel(to: origin, by: try ProxyServer("proxy.example:3128"))
        var progress = ProxyTunnel.Progress.incomplete
        var remaining = Array(answer.utf8)[...]
        while !remaining.isEmpty, progress == .incomplete {
            let piece = Array(remaining.prefix(size))
            remaining = remaining.dropFirst(piece.count)
            progress = piece.withUnsafeBytes { tunnel.receive($0) }
        }
        return progress
    }

    @Test func `CONNECT names host and port, and has the credentials of the proxy`() throws {
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
    func `Any 2xx opens the tunnel, whatever its fields say about a body`(size: Int) throws {
        for answer in [
            "HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ] {
            #expect(try Self.progress(answer, pieces: size) == .open)
        }
    }

    @Test(arguments: [403, 407, 301, 500, 502, 504])
    func `Any other status means that the proxy has refused`(status: Int) throws {
        let answer = "HTTP/1.1 \(status) No\r\nContent-Length: 3\r\n\r\nno\n"
        #expect(try Self.progress(answer) == .failed(.refused(status: status)))
        #expect(try Self.progress(answer, pieces: 1) == .failed(.refused(status: status)))
    }

    @Test func `Bytes after the response head are rejected, and so are other protocols`() throws {
        #expect(try Self.progress("HTTP/1.1 200 OK\r\n\r\nSSH-2.0") == .failed(.malformed))
        #expect(try Self.progress("SSH-2.0-OpenSSH\r\n") == .failed(.malformed))
        #expect(try Self.progress("\u{16}\u{3}") == .failed(.malformed))
    }

    @Test func `The head of a response to CONNECT is limited`() throws {
        let long = "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 70_000)
        #expect(try Self.progress(long) == .failed(.malformed))
        #expect(try Self.progress("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 10_000)) == .incomplete)
    }
}
