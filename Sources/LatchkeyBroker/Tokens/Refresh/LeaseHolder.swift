internal import LatchkeyCore
internal import LatchkeyMetrics

/// Decides who holds the lease of a profile, from the snapshots that one refresh reads. Pure.
struct LeaseHolder: Sendable {
    /// Who holds the lease.
    enum Answer: Sendable {
        case us
        /// Another replica is getting the token, or has announced the issuer's backoff.
        case other(Lease)
        case nobody
        /// A lease is useless: no token could be written under it.
        case unneeded
    }

    private let need: TokenRefresh.Need
    private let limits: TokenRefresh.Limits
    /// The name of this process in leases.
    private let name: String
    /// The version of another replica's lease, and since when it has been seen unchanged, by this process's clock.
    private var watched: (version: Int64, since: MonotonicTime)?
    /// The lowest version that our lease can have after a claim without an answer.
    private var claimed: Int64?
    /// How long this replica has waited for others, in this refresh and the ones before.
    private(set) var deferral: TokenRefresh.Deferral

    init(_ need: TokenRefresh.Need, limits: TokenRefresh.Limits, name: String, now: Now) {
        self.need = need
        self.limits = limits
        self.name = name
        deferral = need.deferral ?? TokenRefresh.Deferral(since: now.monotonic)
    }

    /// Decides who holds the lease.
    ///
    /// - Parameter isComplete: whether the pair in the snapshot is usable. A token without its expiry does not end the
    ///   lease, because the holder is between its two writes.
    mutating func find(in snapshot: SharedTokenSnapshot, isComplete: Bool, _ now: Now) -> Answer {
        if isOurs(snapshot) { return .us }
        if isUseless(snapshot) { return .unneeded }
        guard mayWait(now), isHeldByOther(snapshot, isComplete: isComplete, now), let lease = snapshot.lease else {
            return .nobody
        }
        return .other(lease)
    }

    /// Whether this replica may still wait for others.
    func mayWait(_ now: Now) -> Bool { now.monotonic - deferral.since < limits.maxDeferral }

    /// Whether this replica may wait for the one that was quicker to claim the lease.
    func mayWaitForWinner(_ now: Now) -> Bool { mayWait(now) && deferral.leases <= limits.maxLeases }

    /// Records that our claim was refused: another replica was quicker.
    mutating func claimWasRefused() { claimed = nil }

    /// Records that our claim had no answer.
    ///
    /// - Parameter seen: the snapshot on which the claim was based.
    mutating func claimWasUnanswered(_ seen: SharedTokenSnapshot) { claimed = seen.leaseVersion &+ 1 }

    /// A lease of this replica on top of a snapshot.
    func lease(_ purpose: Lease.Purpose, until: WallTime, over seen: SharedTokenSnapshot) -> Lease {
        var lease = Lease(
            holder: name, until: until, after: seen.version, purpose: purpose, definition: need.definition)
        if case .known(let found) = seen.pairDefinition(ours: need.definition) { lease.replaces = found }
        return lease
    }

    /// Whether a claim without an answer succeeded. If replies to several claims were lost, we hold the lease when the
    /// stored one names us, because every replica reads the same one.
    private func isOurs(_ snapshot: SharedTokenSnapshot) -> Bool {
        guard let claimed, claimed <= snapshot.leaseVersion, let lease = snapshot.lease else { return false }
        return lease.holder == name && lease.definition == need.definition
    }

    /// Whether the last holder could not share its token, this replica could not share it either, and no token was
    /// written since.
    private func isUseless(_ snapshot: SharedTokenSnapshot) -> Bool {
        guard let lease = snapshot.lease, case .tooLarge(let bytes) = lease.purpose else { return false }
        return snapshot.version <= lease.after && need.isBound(by: lease) && limits.isTooLong(bytes)
    }

    /// Whether another replica holds the lease: its token is not there yet, and neither clock says that the lease has
    /// ended.
    private mutating func isHeldByOther(_ snapshot: SharedTokenSnapshot, isComplete: Bool, _ now: Now) -> Bool {
        let left = snapshot.lease.map { $0.until - snapshot.storeTime(now).wall } ?? .zero
        guard let lease = snapshot.lease, lease.purpose != .conserveQuota,
            snapshot.version <= lease.after || !isComplete, left > .zero
        else {
            watched = nil
            return false
        }
        if need.ownLeaseVersion == snapshot.leaseVersion || isAbandoned(lease) { return false }
        if need.isCleared, lease.purpose == .refresh, lease.holder == name { return false }
        let isBackoff = lease.purpose == .issuerBackoff
        if isBackoff, !need.isBound(by: lease) { return false }
        let maxLength = isBackoff ? Backoff.maxRetryAfter : limits.lease
        // No holder writes a later end. It comes from a clock that is wrong.
        guard left <= maxLength * 2 else { return false }
        if watched?.version != snapshot.leaseVersion {
            watched = (snapshot.leaseVersion, now.monotonic)
            if !isBackoff { deferral.wait(for: lease, length: limits.lease) }
        }
        guard deferral.leases <= limits.maxLeases else { return false }
        return isBackoff || now.monotonic - (watched?.since ?? now.monotonic) < maxLength
    }

    /// Whether this is our own lease from before the profile was redefined. Its refresh was abandoned.
    private func isAbandoned(_ lease: Lease) -> Bool {
        need.isRedefined && need.current == nil && lease.holder == name
    }
}
