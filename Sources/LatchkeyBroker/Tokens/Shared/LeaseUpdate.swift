/// A new version of a lease that this replica holds.
package struct LeaseUpdate: Sendable {
    package let lease: Lease
    /// The shared tier with the version of the lease that is replaced.
    package let seen: SharedTokenSnapshot
}
