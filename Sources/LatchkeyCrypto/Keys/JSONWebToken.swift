package import LatchkeyCore

/// A JSON Web Token (RFC 7519) in the compact serialization of JWS (RFC 7515 §7.1). The signature is not verified here.
package struct JSONWebToken: Sendable {
    private let bytes: [UInt8]
    private let headerEnd: Int
    private let payloadEnd: Int

    /// Nil unless the token has three parts separated by dots. Nothing is decoded.
    package init?(_ token: some Collection<UInt8>) {
        let bytes = Array(token)
        let dots = bytes.indices.filter { bytes[$0] == UInt8(ascii: ".") }
        guard dots.count == 2 else { return nil }
        (self.bytes, headerEnd, payloadEnd) = (bytes, dots[0], dots[1])
    }

    /// The protected header; nil unless it is a JSON object in base64url within `limits`.
    package func header(limits: JSONLimits) -> JSONValue? { object(bytes[..<headerEnd], limits) }

    /// The claims; nil unless they are a JSON object in base64url within `limits`.
    package func claims(limits: JSONLimits) -> JSONValue? { object(bytes[(headerEnd + 1)..<payloadEnd], limits) }

    /// What the signature is over: header and payload as they were sent (RFC 7515 §5.1).
    package var signedBytes: [UInt8] { Array(bytes[..<payloadEnd]) }

    /// The signature; nil unless it is base64url.
    package var signature: [UInt8]? { Base64.decodeURL(String(decoding: bytes[(payloadEnd + 1)...], as: UTF8.self)) }

    /// The claims of a token whose signature nobody verifies. Nil unless the token has the form of a JSON Web Token with
    /// claims within ``JSONLimits/document``.
    package static func claims(of token: Secret) -> JSONValue? {
        JSONWebToken(token.reveal())?.claims(limits: .document)
    }

    private func object(_ part: ArraySlice<UInt8>, _ limits: JSONLimits) -> JSONValue? {
        guard let text = Base64.decodeURL(String(decoding: part, as: UTF8.self)),
            let document = try? JSONDocument(text, limits: limits), document.root.kind == .object
        else { return nil }
        return document.root
    }
}
