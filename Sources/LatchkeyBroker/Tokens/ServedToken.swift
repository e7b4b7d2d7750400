package import LatchkeyMetrics

/// The answer to one caller.
package struct ServedToken: Sendable {
    package let entry: TokenEntry
    /// The tier that this answer came from; memory for a token that was cached already.
    package let tier: Tier
    /// Why the token is not as new as requested. The token is valid.
    package let refreshError: UpstreamFault?
    /// Whether a resource server rejected the token and there is no replacement yet.
    package let isRejected: Bool
}
