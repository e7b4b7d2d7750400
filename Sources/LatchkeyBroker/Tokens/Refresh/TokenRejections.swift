internal import LatchkeyCore
internal import LatchkeyCrypto

/// Which tokens of one profile resource servers rejected, and when that may cause the next issuance. Pure.
struct TokenRejections: Sendable {
    /// The number of rejected tokens that are remembered. An older one may still be in the shared tier while its
    /// successor is being written.
    static let maxDigests = 8
    /// How long a caller waits for the successor of a rejected token before it gets the rejected one.
    static let maxWait: Duration = .seconds(1)

    /// The rejection of the token in memory.
    struct Current: Sendable {
        /// The caller that reported it; if there are several, the one that may cause the next issuance first. Nil if
        /// the token was rejected before it was cached.
        var caller: String?
    }

    var current: Current?
    /// The issuer's quota is low until then, so rejections do not cause issuances.
    var quotaLowUntil: MonotonicTime?
    /// The rejected tokens, oldest first.
    private(set) var digests: [Digest] = []
    /// Counts the changes of ``digests``.
    private(set) var changes: UInt64 = 0
    private var backoff = RejectionBackoff()
    /// When the last search for a successor started.
    private var searchedAt: MonotonicTime?

    /// Whether the token was rejected.
    func contains(_ token: Secret) -> Bool { digests.contains { token.hasDigest($0) } }

    mutating func remember(_ digest: Digest) {
        guard !digests.contains(digest) else { return }
        digests.append(digest)
        changes += 1
        if digests.count > Self.maxDigests { digests.removeFirst() }
    }

    /// Records that `caller` reported the token in memory as rejected.
    ///
    /// - Returns: false if another caller reported it before that may cause an issuance as soon.
    mutating func reject(_ digest: Digest, by caller: String, _ now: MonotonicTime) -> Bool {
        remember(digest)
        guard let current else {
            self.current = Current(caller: caller)
            return true
        }
        guard let other = backoff.notBefore(current.caller ?? "", now) else { return false }
        guard backoff.notBefore(caller, now).map({ $0 < other }) ?? true else { return false }
        self.current = Current(caller: caller)
        return true
    }

    /// Records that another token is in memory now.
    mutating func adopted(_ token: Secret) { current = contains(token) ? Current(caller: nil) : nil }

    /// Why the issuer must not be called for a successor yet; nil if it may be.
    func fault(_ now: MonotonicTime) -> UpstreamFault? {
        if let quotaLowUntil, now < quotaLowUntil { return .quotaLow(quotaLowUntil - now) }
        return backoff.notBefore(current?.caller ?? "", now).map { .rejectionFloor($0 - now) }
    }

    /// Records that the issuer was called because of the rejection.
    mutating func causedIssuance(_ now: MonotonicTime) { backoff.caused(by: current?.caller ?? "", now) }

    /// Records that a search for a successor starts.
    mutating func searchStarted(_ now: MonotonicTime) { searchedAt = now }

    /// Until when callers wait for the search in progress; nil if they do not wait any more.
    func waitEnd(_ now: MonotonicTime) -> MonotonicTime? {
        guard let searchedAt, now < searchedAt + Self.maxWait else { return nil }
        return searchedAt + Self.maxWait
    }
}
