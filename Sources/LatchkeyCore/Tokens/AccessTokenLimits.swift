/// What counts as an access token, whether it comes from an issuer or from a shared tier.
package enum AccessTokenLimits {
    /// The longest token in bytes. HTTP servers rarely accept a longer header field.
    package static let maxBytes = 16_384
    /// The longest lifetime for which a newly issued token is used, however long it is valid: a day, so that a wrong
    /// `expires_in` has an effect for a day at most.
    package static let maxIssuedLifetime: Duration = .seconds(86_400)
    /// The longest lifetime that a token can have: 30 days, the maximum of Auth0. A token in a shared tier that claims
    /// a longer one is corrupt.
    package static let maxLifetime: Duration = .seconds(maxLifetimeDays * 86_400)
    /// ``maxLifetime`` in days.
    package static let maxLifetimeDays = 30

    /// Whether `token` can stand in a header and in a parameter: 1 to ``maxBytes`` bytes of visible ASCII. RFC 6749
    /// (appendix A.12) also allows the space, but a token is one word of the `Authorization` field (RFC 6750 §2.1).
    package static func isWellFormed(_ token: some Collection<UInt8>) -> Bool {
        (1...maxBytes).contains(token.count) && token.allSatisfy(ASCII.isVisible)
    }
}
