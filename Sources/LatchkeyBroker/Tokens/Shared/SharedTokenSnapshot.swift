package import LatchkeyCore
package import LatchkeyMetrics

/// What the shared tier holds for one profile, read at one time.
package struct SharedTokenSnapshot: Sendable {
    /// The token and its expiry; nil if there is no token. A missing expiry is an empty text.
    package var pair: StoredToken?
    /// The version of the token, which grows with each write; 0 if there is no token.
    package var version: Int64
    /// Nil if there is no lease, or none that can be parsed.
    package var lease: Lease?
    /// The version of the stored lease; 0 if there is none.
    package var leaseVersion: Int64
    /// What is stored in place of the lease's version, if it is not a version. A claim overwrites it.
    package var unreadableLease: JSON?
    /// The difference between the store's clock and this process's clock, as the store's response shows it.
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

    /// `now` by the store's clock. All dates in the store are in store time, because replicas share that clock.
    package func storeTime(_ now: Now) -> Now { Now(monotonic: now.monotonic, wall: now.wall + clock.certain) }

    /// Which definition of the profile the pair was obtained for.
    package enum PairDefinition: Hashable, Sendable {
        /// Nothing beside the pair says so.
        case unknown
        /// The lease says so. Nil stands for the `AUTH0_*` settings and for brokers that do not name their definition.
        case known(String?)
    }

    /// Which definition the pair was obtained for, as the lease beside it says.
    ///
    /// - Before the lease's holder writes, the pair has the definition that the holder found.
    /// - After one write since the lease, it has the holder's definition.
    /// - After several writes, it is unknown whether another replica wrote last, unless the holder's definition differs
    ///   from `ours`: then the pair is taken to have the holder's.
    package func pairDefinition(ours: String?) -> PairDefinition {
        guard let lease else { return .unknown }
        guard version > lease.after else { return lease.replaces.map { .known($0) } ?? .unknown }
        if version - 1 > lease.after, lease.definition == ours { return .unknown }
        return .known(lease.definition)
    }

    /// Validates the pair; nil if there is none. The token is in this process's time.
    package func validity(from source: Tier, now: Now, buffer: ExpiryBuffer) -> StoredToken.Validity? {
        let isLeased = lease.map { version > $0.after } ?? false
        let validity = pair?.validity(
            from: source, now: storeTime(now), doubt: clock.doubt, buffer: buffer, isLeased: isLeased)
        guard case .usable(var token) = validity else { return validity }
        token.shift(by: .zero - clock.certain)
        token.conserveQuotaFor = lease?.conservesQuota(at: storeTime(now))
        return .usable(token)
    }
}
