package import LatchkeyCore
package import LatchkeyMetrics

/// A place outside the process where replicas share tokens. The closures are the composition root's.
package struct SharedTier: Sendable {
    package let tier: Tier
    /// A profile's pair and lease in one call by the deadline.
    package let read: @Sendable (_ profile: String, MonotonicTime) async throws(UpstreamFault) -> SharedView
    /// Writes the token, then the expiry.
    package let write: @Sendable (_ profile: String, StoredToken, MonotonicTime) async throws(UpstreamFault) -> Void
    /// Writes a lease if nobody has written one since `seen`. True: this process holds it.
    package let claim:
        @Sendable (_ profile: String, Lease, _ seen: SharedView, MonotonicTime) async throws(UpstreamFault) -> Bool

    package init(
        tier: Tier,
        read: @escaping @Sendable (String, MonotonicTime) async throws(UpstreamFault) -> SharedView,
        write: @escaping @Sendable (String, StoredToken, MonotonicTime) async throws(UpstreamFault) -> Void,
        claim: @escaping @Sendable (String, Lease, SharedView, MonotonicTime) async throws(UpstreamFault) -> Bool
    ) {
        self.tier = tier
        self.read = read
        self.write = write
        self.claim = claim
    }
}

/// What stands in the shared tier for one profile.
package struct SharedView: Sendable {
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
    func theirs(_ now: Now) -> Now { Now(monotonic: now.monotonic, wall: now.wall + clock.certain) }

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

/// A profile's place in the settings' list; 0 is the default profile.
package struct ProfileID: Hashable, Sendable {
    package let index: Int

    package init(_ index: Int) { self.index = index }
}

/// A named kind of token that callers may ask for.
package struct TokenProfile: Sendable {
    package let name: String
    package let issuer: IssuerTier

    package init(name: String, issuer: IssuerTier) {
        self.name = name
        self.issuer = issuer
    }
}
