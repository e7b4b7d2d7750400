package import LatchkeyCore

/// What a verified JSON Web Token says about its sender.
package struct VerifiedToken: Sendable {
    /// The `issuer` or `trust_domain` of the callers file whose key has signed the token.
    package let issuer: String
    package let subject: String
    /// When the token no longer counts, leeway included.
    package let expiry: WallTime

    package init(issuer: String, subject: String, expiry: WallTime) {
        self.issuer = issuer
        self.subject = subject
        self.expiry = expiry
    }
}
