package import LatchkeyCore

extension TokenRefresh {
    /// How long a replica has waited for other replicas to refresh the token, over any number of refreshes.
    package struct Deferral: Hashable, Sendable {
        package var since: MonotonicTime
        /// The number of other replicas' leases that were waited for. Leases of concurrent claims end at about the same
        /// time, and count as one.
        package var leases: Int
        /// When the last of these leases ends.
        package var until: WallTime?

        package init(since: MonotonicTime, leases: Int = 0, until: WallTime? = nil) {
            self.since = since
            self.leases = leases
            self.until = until
        }

        /// Records that a lease is waited for.
        ///
        /// - Parameter length: the length of a lease.
        mutating func wait(for lease: Lease, length: Duration) {
            if let until, lease.until - until < length / 2 { return }
            leases += 1
            until = lease.until
        }
    }
}
