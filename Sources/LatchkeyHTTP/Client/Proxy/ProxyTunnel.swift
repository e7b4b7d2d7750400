internal import LatchkeyCrypto

/// The opening of a tunnel by CONNECT (RFC 9110 §9.3.6): what is sent, and what the answer means. Pure and bounded: a head
/// of 64 KiB at the most is read (``ResponseLimits``), and no body.
package struct ProxyTunnel: Sendable {
    /// What the bytes so far amount to.
    package enum Progress: Equatable, Sendable {
        case incomplete
        /// The next byte is the origin's.
        case open
        case failed(ProxyFailure.Reason)
    }

    /// The request, credentials included: to be sent and to be shown to nobody.
    package let request: [UInt8]
    private var parser: ResponseParser

    package init(to origin: Origin, by proxy: ProxyServer) {
        let host = origin.host.contains(":") ? "[\(origin.host)]" : origin.host
        let authority = "\(host):\(origin.port)"
        var head = Array("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n".utf8)
        if let authorization = proxy.authorization {
            head += Array("Proxy-Authorization: ".utf8)
            authorization.withBytes { head.append(contentsOf: $0) }
            head += Array("\r\n".utf8)
        }
        request = head + Array("\r\n".utf8)
        // A successful answer to CONNECT has no body whatever its fields say, and no other body is of interest: as it is
        // with HEAD.
        parser = ResponseParser(method: "HEAD")
    }

    /// Takes more of the proxy's answer.
    package mutating func receive(_ bytes: UnsafeRawBufferPointer) -> Progress {
        do throws(ResponseParser.ParseError) {
            guard case .complete(let consumed) = try parser.receive(bytes) else { return .incomplete }
            let status = parser.response.status
            guard (200..<300).contains(status) else { return .failed(.refused(status: status)) }
            // In TLS the client speaks first: whatever this is, the origin did not send it.
            return consumed == bytes.count ? .open : .failed(.malformed)
        } catch {
            return .failed(error == .truncated ? .closed : .malformed)
        }
    }
}
