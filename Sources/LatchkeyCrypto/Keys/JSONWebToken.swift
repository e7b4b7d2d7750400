package import LatchkeyCore

/// A JSON Web Token (RFC 7519), whose signature is not verified.
package enum JSONWebToken {
    /// The claims of a token. Nil unless the token has three parts separated by dots and the second is a JSON object in
    /// base64url (RFC 7515 §7.1) within ``JSONLimits/document``.
    package static func claims(of token: Secret) -> JSONValue? {
        let parts = token.reveal().split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Base64.decodeURL(String(decoding: parts[1], as: UTF8.self)),
            let document = try? JSONDocument(payload, limits: .document), document.root.kind == .object
        else { return nil }
        return document.root
    }
}
