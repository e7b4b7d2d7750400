package import LatchkeyCore
package import LatchkeyMetrics

/// A secret as the answer to one caller, from memory or from a store.
package struct ServedSecret: Sendable {
    package let entry: SecretEntry
    /// When its store returned it, for `Age`.
    package let received: Now
    /// The tier that this answer came from; memory for a secret that was cached already.
    package let tier: Tier
    /// Whether the secret is beyond its TTL.
    package let isStale: Bool
    /// Why the secret is not as new as demanded.
    package let refreshError: UpstreamFault?

    /// - Parameter read: the read that found `entry`.
    init(_ entry: SecretEntry, _ read: SecretRead, isStale: Bool, refreshError: UpstreamFault?) {
        self.entry = entry
        received = read.record.received
        tier = read.tier
        self.isStale = isStale
        self.refreshError = refreshError
    }
}
