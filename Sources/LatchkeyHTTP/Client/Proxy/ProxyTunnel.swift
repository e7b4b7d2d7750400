internal import LatchkeyCrypto

/// Opens a tunnel with CONNECT (RFC 9110 §9.3.6): the request to send, and the meaning of the response.
///
/// At most ``ResponseLimits/headBytes`` of head are read, and no body.
package struct ProxyTunnel: Sendable {
    /// The result of the bytes received so far.
    package enum Progress: Equatable, Sendable {
        case incomplete
        /// The tunnel is open: the next byte comes from the origin.
        case open
        case failed(ProxyError.Reason)
    }

    /// The request to send. It contains the credentials of the proxy and must not be logged.
    package let request: [UInt8]
    private var parser: ResponseParser

    package init(to origin: Origin, by proxy: ProxyServer) {
        // CONNECT names host and port, also when the port is the default (RFC 9112 §3.2.3).
        let authority = "\(Authority.bracketed(origin.host)):\(origin.port)"
        var head = Array("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n".utf8)
        proxy.appendAuthorization(to: &head)
        request = head + Array("\r\n".utf8)
        // A 2xx response to CONNECT has no body (RFC 9112 §6.3 item 2), and the body of any other response is not needed: the
        // same framing as for HEAD.
        parser = ResponseParser(method: "HEAD")
    }

    /// Continues with the next bytes from the proxy.
    package mutating func receive(_ bytes: UnsafeRawBufferPointer) -> Progress {
        do throws(ResponseParser.ParseError) {
            guard case .complete(let consumed) = try parser.receive(bytes) else { return .incomplete }
            let status = parser.response.status
            guard (200..<300).contains(status) else { return .failed(.refused(status: status)) }
            // The client sends first in TLS, so bytes after the head do not come from the origin.
            return consumed == bytes.count ? .open : .failed(.malformed)
        } catch {
            return .failed(error == .truncated ? .closed : .malformed)
        }
    }
}
