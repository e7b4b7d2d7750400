package import LatchkeyCore

/// Tells the other replicas that one of them, the holder, is getting the next token of a profile. Stored in the shared
/// tier, beside the token.
///
/// A lease is advisory: it saves requests to the issuer, and no token depends on it. It ends when the token that it was
/// taken to replace has been replaced, when its time is up on the wall clock, or when a waiting replica has seen it
/// unchanged for its full length. Neither a dead holder nor a wrong clock delays anyone for longer than that.
package struct Lease: Hashable, Sendable {
    /// The holder's name, which is new for each start of a process: 1 to 64 letters, digits and hyphens.
    package var holder: String
    /// When the lease ends, by the store's clock.
    package var until: WallTime
    /// The version of the token to replace; 0 if there was none. A later token ends the lease.
    package var after: Int64
    package var purpose: Purpose
    /// The holder's definition of the profile (``TokenProfile/definition``), which is the definition of the token that
    /// is written under this lease. Nil for the profile of the `AUTH0_*` settings and from brokers that do not say.
    package var definition: String?
    /// The definition of the token with version ``after``; nil if the holder does not know it.
    package var replaces: String?

    /// What a lease says.
    package enum Purpose: Hashable, Sendable {
        /// The holder is getting the next token.
        case refresh
        /// The issuer asked the holder to wait (`Retry-After`) until ``Lease/until``. No replica calls it before.
        case issuerBackoff
        /// The token is there, and the issuer's quota is low until ``Lease/until``. No replica refreshes ahead of need
        /// before.
        case conserveQuota
        /// The holder's token has this many bytes, which is more than the shared tier takes, so it is not shared.
        ///
        /// Until another token is written, replicas that cannot write a token of that length neither wait for a lease
        /// nor claim one.
        case tooLarge(bytes: Int64)
    }

    package init(
        holder: String, until: WallTime, after: Int64, purpose: Purpose = .refresh, definition: String? = nil,
        replaces: String? = nil
    ) {
        self.holder = holder
        self.until = until
        self.after = after
        self.purpose = purpose
        self.definition = definition
        self.replaces = replaces
    }

    /// The maximum length of ``Purpose/conserveQuota`` that is accepted. Issuers count quotas by the day.
    static let maxQuotaConservation: Duration = .seconds(86_400)

    /// How long no replica should refresh ahead of need; nil if the quota does not have to be saved.
    func conservesQuota(at now: Now) -> Duration? {
        guard purpose == .conserveQuota, now.wall < until else { return nil }
        return min(until - now.wall, Self.maxQuotaConservation)
    }
}
