package import LatchkeyCore
package import LatchkeyMetrics

/// A place outside the process where replicas share tokens. The closures are the composition root's.
package struct SharedTier: Sendable {
    package let tier: Tier
    /// A profile's pair and lease in one call by the deadline.
    package let read: @Sendable (_ profile: String, MonotonicTime) async throws(UpstreamFault) -> SharedTokenSnapshot
    /// Writes the token, then the expiry.
    package let write: @Sendable (_ profile: String, StoredToken, MonotonicTime) async throws(UpstreamFault) -> Void
    /// Writes a lease if nobody has written one since `seen`. True: this process holds it.
    package let claim:
        @Sendable (_ profile: String, Lease, _ seen: SharedTokenSnapshot, MonotonicTime) async throws(UpstreamFault) ->
            Bool

    /// What tokens it takes; nil for all that there are.
    package let limit: SharedTokenLimit?

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

/// What stands in the shared tier for one profile.
package struct SharedTokenSnapshot: Sendable {
    /// Nil when there is no token; its `expires` is empty where that half is absent.
    package var pair: StoredToken?
    /// Of the token: greater after each write of it. 0 when there is none.
    package var version: Int64
    /// Nil when there is none, or none that can be read.
    package var lease: Lease?
    /// Of the lease as stored; 0 when there is none.
    package var leaseVersion: Int64
    /// What stands where the version of the lease should, where that is no version: it is written over.
    package var unreadableLease: JSON?
    /// The store's clock, as its answer shows it: whoever shares a store shares its time.
    package var clock: ClockBounds

    package init(
        pair: StoredToken? = nil, version: Int64 = 0, lease: Lease? = nil, leaseVersion: Int64 = 0,
        clock: ClockBounds = .same
    ) {
        self.pair = pair
        self.version = version
        self.lease = lease
        self.leaseVersion = leaseVersion
        self.clock = clock
    }

    /// Our time as the store has it: what the dates in it are judged by.
    package func theirs(_ now: Now) -> Now { Now(monotonic: now.monotonic, wall: now.wall + clock.certain) }

    /// Which definition of its profile the pair was got for.
    package enum PairDefinition: Hashable, Sendable {
        /// Nothing beside the pair says so.
        case unknown
        /// A lease says so: nil for the `AUTH0_*` settings, or a broker that does not name it.
        case known(String?)
    }

    /// Which definition the pair was got for, as the lease beside it says: one write after the lease it is the holder's,
    /// before that write it is what the holder has found. What was written later still is taken for another's where the
    /// holder's definition is not `ours`, and is else unknown.
    package func pairDefinition(ours: String?) -> PairDefinition {
        guard let lease else { return .unknown }
        guard version > lease.after else { return lease.replaces.map { .known($0) } ?? .unknown }
        if version - 1 > lease.after, lease.definition == ours { return .unknown }
        return .known(lease.definition)
    }

    /// What the pair is worth; nil when there is none.
    package func judged(from source: Tier, now: Now, buffer: ExpiryBuffer) -> StoredToken.Judgement? {
        let isLeased = lease.map { version > $0.after } ?? false
        let judgement = pair?.judged(
            from: source, now: theirs(now), doubt: clock.doubt, buffer: buffer, isLeased: isLeased)
        guard case .usable(var token) = judgement else { return judgement }
        token.shift(by: .zero - clock.certain)
        token.quotaLowFor = lease?.spares(theirs(now))
        return .usable(token)
    }

    /// The pair's time is missing or is an older token's, and whoever was to write it is done or its lease over.
    func isTorn(_ now: Now) -> Bool {
        guard let pair, let lease, theirs(now).wall >= lease.until || lease.purpose == .spare else { return false }
        return pair.hasLapsed(theirs(now))
    }
}

/// Whoever issues a profile's tokens.
package struct IssuerTier: Sendable {
    package let tier: Tier
    /// A new token for the profile by the deadline.
    package let issue:
        @Sendable (_ profile: String, IssuePurpose, MonotonicTime) async throws(UpstreamFault) -> IssuedGrant

    package init(
        tier: Tier,
        issue: @escaping @Sendable (String, IssuePurpose, MonotonicTime) async throws(UpstreamFault) -> IssuedGrant
    ) {
        self.tier = tier
        self.issue = issue
    }
}

/// A profile as it is defined at one time. Where its definition changes it gets another one.
package struct ProfileID: Hashable, Sendable {
    /// Its place among the profiles; 0 is the default profile's.
    package let index: Int
    /// How often the place was given to another definition.
    package let epoch: UInt64

    package init(_ index: Int, epoch: UInt64 = 0) {
        self.index = index
        self.epoch = epoch
    }
}

/// A named kind of token that callers may ask for.
package struct TokenProfile: Sendable {
    package let name: String
    package let issuer: IssuerTier
    /// Tells apart what tokens are for: a token that was got for one definition is none of another. Shown to those who
    /// share tokens (``Lease/definition``): 1 to 64 letters, digits and hyphens. Nil for the `AUTH0_*` settings.
    package let definition: String?
    /// Changes with anything about the profile, also with what leaves its ``definition`` as it is.
    package let revision: Int

    package init(name: String, issuer: IssuerTier, definition: String? = nil, revision: Int = 0) {
        self.name = name
        self.issuer = issuer
        self.definition = definition
        self.revision = revision
    }
}
