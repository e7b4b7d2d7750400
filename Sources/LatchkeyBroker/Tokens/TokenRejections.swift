internal import LatchkeyCore
internal import LatchkeyCrypto

/// Which tokens of one profile resource servers refused, and when that may cause the next issuance. Pure.
struct TokenRejections: Sendable {
    /// Refused tokens that are remembered: an older one may still stand in the shared tier while the write of its
    /// successor is under way.
    static let maximumDigests = 8
    /// The longest a caller waits for the successor of a refused token before it gets the refused one.
    static let longestWait: Duration = .seconds(1)

    /// The token in memory was refused.
    struct Current: Sendable {
        /// Who said so; of several, the one who may cause the next issuance first. Nil: it was refused before it came
        /// into memory.
        var caller: String?
    }

    var current: Current?
    /// The issuer has little left until then, and is not asked because of a rejection.
    var quotaLowUntil: MonotonicTime?
    /// The refused tokens, oldest first.
    private(set) var digests: [Digest] = []
    private var pace = RejectionPace()
    /// When the last look for a successor began.
    private var lookedAt: MonotonicTime?

    /// Whether the token was refused.
    func contains(_ token: Secret) -> Bool { digests.contains { token.hasDigest($0) } }

    mutating func remember(_ digest: Digest) {
        guard !digests.contains(digest) else { return }
        digests.append(digest)
        if digests.count > Self.maximumDigests { digests.removeFirst() }
    }

    /// The token in memory was refused, says `caller`. True where nobody said so before who may cause an issuance as
    /// soon.
    mutating func reject(_ digest: Digest, by caller: String, _ now: MonotonicTime) -> Bool {
        remember(digest)
        guard let current else {
            self.current = Current(caller: caller)
            return true
        }
        guard let other = pace.notBefore(current.caller ?? "", now) else { return false }
        guard pace.notBefore(caller, now).map({ $0 < other }) ?? true else { return false }
        self.current = Current(caller: caller)
        return true
    }

    /// Another token is in memory.
    mutating func adopted(_ token: Secret) { current = contains(token) ? Current(caller: nil) : nil }

    /// Why the issuer is not asked for a successor yet; nil where it may be.
    func floor(_ now: MonotonicTime) -> UpstreamFault? {
        if let quotaLowUntil, now < quotaLowUntil { return .quotaLow(quotaLowUntil - now) }
        return pace.notBefore(current?.caller ?? "", now).map { .rejectionFloor($0 - now) }
    }

    /// The issuer was asked because of the rejection.
    mutating func causedIssuance(_ now: MonotonicTime) { pace.caused(by: current?.caller ?? "", now) }

    /// A look for a successor begins.
    mutating func lookBegins(_ now: MonotonicTime) { lookedAt = now }

    /// Until when callers wait for the look under way; nil where they do not wait any longer.
    func waitEnds(_ now: MonotonicTime) -> MonotonicTime? {
        guard let lookedAt, now < lookedAt + Self.longestWait else { return nil }
        return lookedAt + Self.longestWait
    }
}
