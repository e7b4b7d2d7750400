package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyMetrics

/// The issuer of a profile's tokens. The composition root provides the closure.
package struct IssuerTier: Sendable {
    package let tier: Tier
    /// Requests a new token for the profile, by the deadline.
    package let issue:
        @Sendable (_ profile: String, IssuePurpose, MonotonicTime) async throws(UpstreamFault) -> TokenResponse

    package init(
        tier: Tier,
        issue: @escaping @Sendable (String, IssuePurpose, MonotonicTime) async throws(UpstreamFault) -> TokenResponse
    ) {
        self.tier = tier
        self.issue = issue
    }
}
