internal import LatchkeyCrypto

/// Writes the client's requests (RFC 9112 §2.1).
package enum RequestEncoder {
    /// What must not be put on the wire: it would be read as something else.
    package enum EncodingError: Error, Hashable, Sendable {
        /// A method that is no token, or a target with spaces, controls or bytes outside ASCII.
        case requestLine
        /// A field name that is no token or that is the encoder's own, or a value with a line break or another control
        /// character.
        case field(name: String)
    }

    /// What decides where the message goes and where it ends: nobody else may say it a second time (RFC 9112 §11.2).
    private static let ownFields = ["host", "content-length", "transfer-encoding"]

    /// The whole message. `Host` and `Content-Length` are the encoder's own and must not be among the fields, nor
    /// `Transfer-Encoding`: bodies are sent with their length.
    ///
    /// - Parameter proxy: who is to forward it, over http: the target is then absolute (RFC 9112 §3.2.2), and the proxy's
    ///   credentials go along.
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
        if let authorization = proxy?.authorization {
            bytes.append(contentsOf: "Proxy-Authorization: ".utf8)
            authorization.withBytes { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: "\r\n".utf8)
        }
        for field in request.fields.lines {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(Grammar.isToken),
                !ownFields.contains(where: { HTTPFields.namesMatch($0, field.name) }),
                field.value.utf8.allSatisfy(Grammar.isFieldValue)
            else { throw .field(name: field.name) }
            bytes.append(contentsOf: "\(field.name): \(field.value)\r\n".utf8)
        }
        // A method that may have a body says how long it is, even when it is empty (RFC 9110 §8.6).
        if !request.body.isEmpty || request.method == "POST" || request.method == "PUT" {
            bytes.append(contentsOf: "Content-Length: \(request.body.count)\r\n".utf8)
        }
        bytes.append(contentsOf: "\r\n".utf8)
        bytes.append(contentsOf: request.body)
        return bytes
    }
}
