package import LatchkeyCore

/// What a JSON Web Token says (RFC 7519), read without checking its signature.
package enum JSONWebToken {
    /// The claims of a token; nil for what is not three parts with dots between them whose second is a JSON object in
    /// base64url (RFC 7515 §7.1). Its limits are ``JSONLimits/document``.
    package static func claims(of token: Secret) -> JSONValue? {
        let parts = token.reveal().split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Base64.decodeURL(String(decoding: parts[1], as: UTF8.self)),
            let document = try? JSONDocument(payload, limits: .document), document.root.kind == .object
        else { return nil }
        return document.root
    }
}
