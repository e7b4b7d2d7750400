/// The successful response of an OAuth 2.0 token endpoint (RFC 6749 §5.1).
package struct TokenResponse: Sendable {
    package var value: Secret
    package var tokenType: String
    /// Nil if the issuer did not say.
    package var expiresIn: Duration?
    /// Scope tokens separated by spaces (RFC 6749 §3.3); nil if the issuer did not say.
    package var scope: String?
    /// How long to make only the requests that are needed, because little is left of the issuer's quota; nil if enough
    /// is left.
    package var conserveQuotaFor: Duration?

    package init(
        value: Secret, tokenType: String, expiresIn: Duration?, scope: String?, conserveQuotaFor: Duration? = nil
    ) {
        self.value = value
        self.tokenType = tokenType
        self.expiresIn = expiresIn
        self.scope = scope
        self.conserveQuotaFor = conserveQuotaFor
    }
}
