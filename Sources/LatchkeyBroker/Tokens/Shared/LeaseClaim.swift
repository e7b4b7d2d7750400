/// A claim of the lease on top of a snapshot: it succeeds only if nobody has written a lease since.
///
/// Parameter Store has no conditional overwrite, but numbers the writes of a parameter (PutParameter, `Version`). The
/// number tells afterwards whether the claim succeeded. DynamoDB checks ``condition`` itself.
package struct LeaseClaim: Sendable {
    package let lease: Lease
    private let seen: SharedTokenSnapshot

    package init(_ lease: Lease, seen: SharedTokenSnapshot) {
        self.lease = lease
        self.seen = seen
    }

    /// Whether there is a lease to overwrite. Otherwise it has to be created, which fails if there is one.
    package var overwrites: Bool { seen.leaseVersion > 0 || seen.unreadableLease != nil }

    /// Whether the claim succeeded, given the version of the written lease.
    package func isWon(version: Int64) -> Bool {
        version == seen.leaseVersion &+ 1 || seen.unreadableLease != nil
    }

    /// The condition on which a conditional store writes the lease.
    package var condition: WriteCondition {
        if let unreadable = seen.unreadableLease { return .unreadableLease(unreadable) }
        return seen.leaseVersion > 0 ? .leaseVersion(seen.leaseVersion) : .noLease
    }

    /// Whether versions start again at 1, because what is stored in their place is not a version.
    package var restartsVersions: Bool { seen.unreadableLease != nil }
}
