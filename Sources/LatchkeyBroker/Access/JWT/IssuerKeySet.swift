package import LatchkeyCrypto

/// A trusted issuer and the last good value of its key set.
package struct IssuerKeySet: Hashable, Sendable {
    package let issuer: JWTIssuer
    /// Nil before the first successful read.
    package var keys: JSONWebKeySet?

    package init(_ issuer: JWTIssuer, keys: JSONWebKeySet?) {
        self.issuer = issuer
        self.keys = keys
    }

    /// Whether a token that was verified before would be again: its issuer has the same audience, and still has the key.
    func trusts(_ token: VerifiedJWT) -> Bool {
        guard issuer.identity == token.issuer, issuer.audience == token.audience, let key = token.key else {
            return false
        }
        return keys?.keys.contains(key) ?? false
    }
}
