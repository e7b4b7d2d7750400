package import LatchkeyCrypto

/// A successful response of an issuer (RFC 6749 §5.1), not validated yet.
package struct IssuedGrant: Sendable {
    package var value: Secret
    package var tokenType: String
    /// Nil if the issuer did not say, or said something unusable.
    package var expiresIn: Duration?
    package var scope: String?
    /// How long the fleet should save the issuer's quota, because little of it is left; nil if there is enough.
    package var quotaLowFor: Duration?

    package init(
        value: Secret, tokenType: String, expiresIn: Duration?, scope: String?, quotaLowFor: Duration? = nil
    ) {
        self.value = value
        self.tokenType = tokenType
        self.expiresIn = expiresIn
        self.scope = scope
        self.quotaLowFor = quotaLowFor
    }
}
