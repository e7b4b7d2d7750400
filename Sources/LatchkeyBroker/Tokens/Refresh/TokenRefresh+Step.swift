package import LatchkeyCore

extension TokenRefresh {
    /// What to do next.
    package enum Step: Sendable {
        /// Read the shared tier.
        case read
        /// Wait until then.
        case pause(until: MonotonicTime)
        /// Write this lease unless somebody has written one since `seen`; by then at the latest.
        case claim(Lease, seen: SharedTokenSnapshot, by: MonotonicTime)
        /// Call the issuer.
        case issue
        case done(Outcome)
    }
}
