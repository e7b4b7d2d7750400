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
}
