internal import LatchkeyCore
package import LatchkeyCrypto

/// The scope of a token, as far as Latchkey can know it.
package struct GrantedScope: Hashable, Sendable {
    /// Nil if neither the issuer nor the token states it.
    private let granted: Set<ExactText>?

    /// - Parameters:
    ///   - issuerScope: the issuer's `scope` (RFC 6749 §5.1); nil if it was absent, or if the token came from a shared
    ///     tier.
    ///   - token: read if `issuerScope` is nil. A JSON Web Token may have the claim `scope` (RFC 9068 §2.2.3) or `scp`,
    ///     a string or an array, as Okta and Entra write it. Its signature is not checked, because the claim only ever
    ///     refuses a request and never allows one.
    package init(issuerScope: String?, token: Secret) {
        if let issuerScope {
            granted = Self.tokens(issuerScope)
        } else {
            granted = Self.claimed(by: token)
        }
    }

    /// Whether the token is not known to lack any of `wanted`.
    ///
    /// A cached token cannot be narrowed. If its scope is unknown, every request is accepted.
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
