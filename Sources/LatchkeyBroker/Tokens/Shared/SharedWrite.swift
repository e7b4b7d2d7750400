package import LatchkeyCore

/// A write to the shared tier.
package enum SharedWrite: Sendable {
    /// A token and its expiry, unless it is later than `by`.
    case pair(StoredToken, by: MonotonicTime)
    /// A new version of a lease that this replica holds.
    case leaseUpdate(LeaseUpdate)
}
