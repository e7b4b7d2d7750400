internal import LatchkeyCrypto

/// Writes the requests of the client (RFC 9112 §2.1).
package enum RequestEncoder {
    /// Why a request is not sent: its recipient would read something else.
    package enum EncodingError: Error, Hashable, Sendable {
        /// The method is not a token, the target has spaces, control characters or bytes outside ASCII, or the authority is
        /// malformed.
        case requestLine
        /// The name is not a token or is reserved for the encoder, or the value has a line break or another control
        /// character.
        case field(name: String)
    }

    /// The fields that route and frame the message. Only the encoder writes them: a second one could be read differently
    /// (RFC 9112 §11.2).
    private static let ownFields = ["host", "content-length", "transfer-encoding"]

    /// Encodes the whole message. The encoder writes `Host` and `Content-Length`, and sends no `Transfer-Encoding`; the fields
    /// of the request must not contain them.
    ///
    /// - Parameter proxy: the proxy that forwards the request over http. The target is then in absolute form
    ///   (RFC 9112 §3.2.2), and the credentials of the proxy are added.
    package static func encode(
        _ request: HTTPRequest, authority: String, by proxy: ProxyServer? = nil
    ) throws(EncodingError) -> [UInt8] {
        guard !request.method.isEmpty, request.method.utf8.allSatisfy(Grammar.isToken),
            request.target.utf8.first != nil,
            request.target.utf8.allSatisfy(Grammar.isVisible), !authority.isEmpty,
            Array(authority.utf8).withUnsafeBytes(Authority.isValid)
        else { throw .requestLine }
        let target = proxy == nil ? request.target : "http://\(authority)\(request.target)"
        var bytes = Array("\(request.method) \(target) HTTP/1.1\r\nHost: \(authority)\r\n".utf8)
        bytes.reserveCapacity(bytes.count + request.body.count + 1024)
        proxy?.appendAuthorization(to: &bytes)
        for field in request.fields.lines {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(Grammar.isToken),
                !ownFields.contains(where: { HTTPFields.namesMatch($0, field.name) }),
                field.value.utf8.allSatisfy(Grammar.isFieldValue)
            else { throw .field(name: field.name) }
            bytes.append(contentsOf: "\(field.name): \(field.value)\r\n".utf8)
        }
        // A method with a defined meaning for content sends its length even when it is 0 (RFC 9110 §8.6).
        if !request.body.isEmpty || request.method == "POST" || request.method == "PUT" {
            bytes.append(contentsOf: "Content-Length: \(request.body.count)\r\n".utf8)
        }
        bytes.append(contentsOf: "\r\n".utf8)
        bytes.append(contentsOf: request.body)
        return bytes
    }
}
