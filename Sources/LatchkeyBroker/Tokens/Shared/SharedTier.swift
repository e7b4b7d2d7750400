package import LatchkeyCore
package import LatchkeyMetrics

/// The store where replicas share tokens. The composition root provides the closures.
package struct SharedTier: Sendable {
    package let tier: Tier
    /// The maximum token length; nil if there is none.
    package let limit: SharedTokenLimit?
    /// Reads token, expiry and lease of a profile in one call, by the deadline.
    package let read: @Sendable (_ profile: String, MonotonicTime) async throws(UpstreamFault) -> SharedTokenSnapshot
    /// Writes the token, then the expiry, by the deadline.
    package let write: @Sendable (_ profile: String, StoredToken, MonotonicTime) async throws(UpstreamFault) -> Void
    /// Writes a lease unless somebody has written one since `seen`. True: this process holds the lease.
    package let claim:
        @Sendable (_ profile: String, Lease, _ seen: SharedTokenSnapshot, MonotonicTime) async throws(UpstreamFault) ->
            Bool

    package init(
        tier: Tier, limit: SharedTokenLimit? = nil,
        read: @escaping @Sendable (String, MonotonicTime) async throws(UpstreamFault) -> SharedTokenSnapshot,
        write: @escaping @Sendable (String, StoredToken, MonotonicTime) async throws(UpstreamFault) -> Void,
        claim:
            @escaping @Sendable (String, Lease, SharedTokenSnapshot, MonotonicTime) async throws(UpstreamFault) -> Bool
    ) {
        self.tier = tier
        self.limit = limit
        self.read = read
        self.write = write
        self.claim = claim
    }
}
