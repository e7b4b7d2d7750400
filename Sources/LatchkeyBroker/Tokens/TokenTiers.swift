package import LatchkeyCore
package import LatchkeyMetrics

/// A place outside the process where replicas share tokens. The closures are the composition root's.
package struct SharedTier: Sendable {
    package let tier: Tier
    /// Both halves of a profile's pair in one call by the deadline; nil when either is absent.
    package let read: @Sendable (_ profile: String, MonotonicTime) async throws(UpstreamFault) -> StoredToken?
    /// Writes the token, then the expiry.
    package let write: @Sendable (_ profile: String, StoredToken, MonotonicTime) async throws(UpstreamFault) -> Void

    package init(
        tier: Tier,
        read: @escaping @Sendable (String, MonotonicTime) async throws(UpstreamFault) -> StoredToken?,
        write: @escaping @Sendable (String, StoredToken, MonotonicTime) async throws(UpstreamFault) -> Void
    ) {
        self.tier = tier
        self.read = read
        self.write = write
    }
}

/// Whoever issues a profile's tokens.
package struct IssuerTier: Sendable {
    package let tier: Tier
    /// A new token for the profile by the deadline.
    package let issue: @Sendable (_ profile: String, MonotonicTime) async throws(UpstreamFault) -> IssuedGrant

    package init(
        tier: Tier, issue: @escaping @Sendable (String, MonotonicTime) async throws(UpstreamFault) -> IssuedGrant
    ) {
        self.tier = tier
        self.issue = issue
    }
}

/// A profile's place in the settings' list; 0 is the default profile.
package struct ProfileID: Hashable, Sendable {
    package let index: Int

    package init(_ index: Int) { self.index = index }
}

/// A named kind of token that callers may ask for.
package struct TokenProfile: Sendable {
    package let name: String
    package let issuer: IssuerTier

    package init(name: String, issuer: IssuerTier) {
        self.name = name
        self.issuer = issuer
    }
}
