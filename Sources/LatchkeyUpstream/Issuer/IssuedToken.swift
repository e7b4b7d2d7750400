package import LatchkeyCrypto

/// What an issuer gave (RFC 6749 §5.1), checked for form.
package struct IssuedToken: Sendable {
    /// 1 to ``longest`` bytes of visible ASCII without blanks (RFC 6749 appendix A.12): safe in a header and in a
    /// parameter.
    package let value: Secret
    /// Always `Bearer`, however the issuer spelled it.
    package let tokenType = "Bearer"
    /// At least one second, at most ``longestLifetime``; nil when the issuer did not say.
    package let expiresIn: Duration?
    /// Space-separated scope tokens (RFC 6749 §3.3), where the issuer named them.
    package let scope: String?
    /// What the issuer said is left of its allowances.
    package let quota: IssuerQuota

    /// Longest token taken, in bytes.
    package static let longest = 65_536
    /// The longest lifetime believed: a day, so that a wrong `expires_in` cannot keep a token for ever.
    package static let longestLifetime: Duration = .seconds(86_400)

    init(value: Secret, expiresIn: Duration?, scope: String?, quota: IssuerQuota) {
        self.value = value
        self.expiresIn = expiresIn
        self.scope = scope
        self.quota = quota
    }
}
