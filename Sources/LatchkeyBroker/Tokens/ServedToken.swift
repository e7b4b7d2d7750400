package import LatchkeyMetrics

/// A token as the answer to one caller, from memory or from a refresh.
package struct ServedToken: Sendable {
    package let entry: TokenEntry
    /// The tier that this answer came from; memory for a token that was cached already.
    package let tier: Tier
    /// Whether the token is inside its buffer.
    package let isStale: Bool
    /// Whether a resource server rejected the token and there is no replacement yet.
    package let isRejected: Bool
    /// Why there is no newer token, if a refresh failed, or if the caller asked for a newer one. The token is valid.
    package let refreshError: UpstreamFault?

    init(
        _ entry: TokenEntry, from tier: Tier, isStale: Bool, isRejected: Bool = false,
        refreshError: UpstreamFault? = nil
    ) {
        self.entry = entry
        self.tier = tier
        self.isStale = isStale
        self.isRejected = isRejected
        self.refreshError = refreshError
    }
}
