internal import LatchkeyCore
package import LatchkeyCrypto

/// What a token allows at its resource server, as far as it can be known here.
package struct GrantedScope: Hashable, Sendable {
    /// Nil where neither the issuer nor the token says.
    private let granted: Set<ExactText>?

    /// - Parameters:
    ///   - said: the issuer's `scope` (RFC 6749 §5.1); nil when it said none, or when the token came from a shared tier.
    ///   - token: asked where the issuer was silent. A JSON Web Token may have the claim `scope` (RFC 9068 §2.2.3) or
    ///     `scp`, a string or an array, as Okta and Entra write it. Its signature is not checked: what it says is used
    ///     to refuse and never to allow.
    package init(issuerScope: String?, token: Secret) {
        if let issuerScope {
            granted = Self.tokens(issuerScope)
        } else {
            granted = Self.claimed(by: token)
        }
    }

    /// Whether nothing in `wanted` is known to be missing.
    ///
    /// A cached token is as it is: it cannot be narrowed, and where its scope is unknown there is nothing to judge by.
    package func includes(_ wanted: [String]) -> Bool {
        guard let granted else { return true }
        return wanted.allSatisfy { granted.contains(ExactText($0)) }
    }

    private static func claimed(by token: Secret) -> Set<ExactText>? {
        let claims = JSONWebToken.claims(of: token)
        guard let claim = claims?["scope"] ?? claims?["scp"] else { return nil }
        if let text = claim.string { return tokens(text) }
        return claim.elements.map { values in Set(values.compactMap { $0.string.map { ExactText($0) } }) }
    }

    private static func tokens(_ text: String) -> Set<ExactText> {
        Set(text.utf8.split(separator: UInt8(ascii: " ")).map { ExactText(String(decoding: $0, as: UTF8.self)) })
    }
}
