package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyMetrics

/// The cached token of one profile and the state of its refreshes. Pure: ``TokenBroker`` keeps it under its lock, and
/// the fleet simulation runs it on a virtual clock.
package struct ProfileState: Sendable {
    /// The token in memory, valid or not.
    package private(set) var entry: TokenEntry?
    /// When this replica starts to look for the next token.
    private var refreshFrom: Expiry?
    private var version: UInt64 = 0
    /// While a refresh is in progress: when it ends at the latest. Hits then do not start another one.
    private var refreshingUntil: MonotonicTime?
    private var backoff = RefreshBackoff()
    private var issuerBackoff = IssuerBackoff()
    private var forced = ForcedRefresh()
    /// The tokens that resource servers rejected.
    private var rejections = TokenRejections()
    /// Set while refreshes wait for other replicas and get no token.
    private var deferral: TokenRefresh.Deferral?
    /// The lease that this replica won last, and the number of the refresh that won it.
    private var ownLease: (version: Int64, number: UInt64)?
    /// Whether memory was cleared and no refresh that started since has ended.
    private var isCleared = false
    private var order = RefreshOrder()
    /// Whether the profile's definition has changed while the broker ran.
    private var isRedefined = false

    package init() {}

    /// Starts again for another definition of the profile.
    ///
    /// Versions continue, because endpoints use them as keys of what they rendered. Refresh numbers continue, so that
    /// refreshes in progress are older than any new one.
    ///
    /// - Parameter isKnown: whether the name had another definition before. The shared tier may hold a token of that
    ///   one.
    package mutating func redefine(isKnown: Bool) {
        var state = ProfileState()
        state.version = version
        state.order = order
        state.order.clear()
        state.isRedefined = isKnown
        self = state
    }

    /// Whether a resource server rejected the token in memory and there is no replacement yet.
    package var isRejected: Bool { rejections.current != nil }

    /// Whether `entry` is the token in memory and was rejected.
    package func isRejected(_ entry: TokenEntry) -> Bool {
        rejections.current != nil && entry.version == self.entry?.version
    }

    // MARK: Hits

    /// Looks for a token in memory.
    ///
    /// - Parameter maxRefresh: the maximum duration of a refresh.
    package mutating func hit(_ now: Now, minTTL: Duration?, buffer: ExpiryBuffer, maxRefresh: Duration) -> Hit {
        guard let entry else { return .miss }
        if minTTL != nil, !entry.token.lasts(minTTL, now, buffer: buffer) { return .miss }
        let freshness = entry.freshness(now)
        if freshness == .invalid { return .miss }
        if rejections.current != nil { return hitRejected(entry, now) }
        if freshness == .fresh { return .fresh(entry) }
        if let fault = backoff.aheadFault(now) { return .stale(entry, fault) }
        if isRefreshing(now) { return .stale(entry, backoff.lastAheadFault) }
        if backoff.isAheadPaused(now) { return .stale(entry, nil) }
        if let refreshFrom, !refreshFrom.hasPassed(now) { return .stale(entry, nil) }
        refreshingUntil = now.monotonic + maxRefresh
        return .due(entry)
    }

    /// A miss makes the caller wait for the replacement, for a short time.
    private func hitRejected(_ entry: TokenEntry, _ now: Now) -> Hit {
        if isRefreshing(now) {
            return rejections.waitEnd(now.monotonic) != nil ? .miss : .rejected(entry, backoff.lastAheadFault)
        }
        return maySearch(now) ? .miss : .rejected(entry, backoff.lastAheadFault)
    }

    /// Whether another search for a replacement may start: it reads the shared tier, and calls the issuer if allowed.
    private func maySearch(_ now: Now) -> Bool { backoff.aheadFault(now) == nil && !backoff.isAheadPaused(now) }

    /// Whether a refresh has started and has not ended.
    package var isRefreshing: Bool { refreshingUntil != nil }

    private func isRefreshing(_ now: Now) -> Bool { refreshingUntil.map { now.monotonic < $0 } ?? false }

    // MARK: Misses

    /// Decides what a caller gets after a miss, or if it wants a newer token.
    ///
    /// - Parameters:
    ///   - maxRefresh: the maximum duration of a refresh.
    ///   - maxForced: how many refreshes one of several callers may force within an hour.
    package mutating func decide(
        _ ask: TokenDemand, _ now: Now, buffer: ExpiryBuffer, maxRefresh: Duration, maxForced: Int = .max
    ) -> Decision {
        guard let entry, entry.token.isValid(now) else {
            if let fault = backoff.coldFault(now) { return .refuse(issuerBackoff.longer(fault, now)) }
            var terms = ask.refresh ? forced.terms(now, for: nil, max: .max) : JoinTerms()
            // The refresh that starts now is the one that the caller requested.
            if !isRefreshing(now) { terms.fault = nil }
            refreshingUntil = now.monotonic + maxRefresh
            return .join(.cold, terms)
        }
        if !ask.refresh, entry.token.lasts(ask.minTTL, now, buffer: buffer) {
            return isRejected ? decideRejected(entry, now, maxRefresh) : .serve(entry, nil)
        }
        let isRefreshing = isRefreshing(now)
        if !ask.refresh, isRefreshing { return .join(.ahead) }
        let terms = forced.terms(now, for: ask.requester, max: maxForced)
        if let fault = terms.fault, !isRefreshing { return .serve(entry, forced.fault ?? fault) }
        if terms.fault == nil { refreshingUntil = now.monotonic + maxRefresh }
        return .join(ask.refresh ? .forced : .ahead, terms)
    }

    private mutating func decideRejected(_ entry: TokenEntry, _ now: Now, _ maxRefresh: Duration) -> Decision {
        var terms = JoinTerms()
        if isRefreshing(now) {
            guard let end = rejections.waitEnd(now.monotonic) else { return .serve(entry, backoff.lastAheadFault) }
            terms.until = end
            return .join(.rejected, terms)
        }
        guard maySearch(now) else { return .serve(entry, backoff.lastAheadFault) }
        refreshingUntil = now.monotonic + maxRefresh
        rejections.searchStarted(now.monotonic)
        terms.until = rejections.waitEnd(now.monotonic)
        return .join(refreshFrom?.hasPassed(now) == true ? .ahead : .rejected, terms)
    }

    /// Returns what a refresh that starts now has to achieve.
    package mutating func need(_ reason: RefreshReason, minTTL: Duration?, _ now: Now) -> TokenRefresh.Need {
        var need = TokenRefresh.Need(reason, minTTL: minTTL)
        need.sequence = order.next()
        need.current = entry?.token
        need.rejected = rejections.digests
        if reason != .cold, let entry, entry.freshness(now) == .fresh {
            need.purpose = reason == .rejected ? .rejection : .caller
        }
        need.issuerFault = issuerBackoff.fault(need.purpose, now)
        if need.issuerFault == nil, need.purpose == .rejection { need.issuerFault = rejections.fault(now.monotonic) }
        need.deferral = deferral
        need.ownLeaseVersion = ownLease?.version
        need.isCleared = isCleared
        need.isRedefined = isRedefined
        return need
    }

    // MARK: Results

    /// Applies the result of a refresh.
    ///
    /// Memory keeps the token of the refresh that started last. The result of an older refresh, or of one that started
    /// before memory was cleared, goes to the callers that wait for it and is not kept.
    ///
    /// - Parameter jitter: uniform in [0, 1).
    /// - Returns: the new token; or why there is none, with the time until another attempt.
    package mutating func apply(
        _ outcome: TokenRefresh.Outcome, _ reason: RefreshReason, _ now: Now, jitter: Double
    ) -> Result<TokenEntry, UpstreamFault> {
        if outcome.sequence == order.last { refreshingUntil = nil }
        if outcome.askedIssuer {
            issuerBackoff.apply(outcome.fault, outcome.purpose, now)
            if outcome.purpose == .rejection { rejections.causedIssuance(now.monotonic) }
        }
        deferral = outcome.deferral
        if let held = outcome.heldLeaseVersion, outcome.sequence >= ownLease?.number ?? 0 {
            ownLease = (held, outcome.sequence)
        }
        let isCurrent = order.isCurrent(outcome.sequence)
        if isCurrent { isCleared = false }
        // The token may have expired, or been rejected, since the refresh found it.
        let token = outcome.token.flatMap { $0.isValid(now) && isAcceptable($0, now) ? $0 : nil }
        var result = entry
        if let token {
            result = isCurrent ? adopt(token, number: outcome.sequence, now, jitter: jitter) : makeEntry(token)
        }
        if let wait = outcome.conserveQuotaFor { backoff.pauseAhead(until: now.monotonic + wait) }
        // Also if the shared tier had an old token: the next attempt must not follow at once.
        if let fault = outcome.fault, isCurrent {
            let isServing = entry?.token.isValid(now) ?? false
            backoff.failed(fault, outcome, isServing: isServing, now, jitter: jitter)
            if reason == .forced || reason == .ahead { forced.ended(fault) }
        }
        if let result, token != nil || (outcome.conserveQuotaFor != nil && result.token.isValid(now)) {
            return .success(result)
        }
        var fault = outcome.fault ?? UpstreamFault(.unavailable)
        if fault.reason == .unavailable {
            fault.retryAfter = backoff.coldFault(now)?.retryAfter
            fault = issuerBackoff.longer(fault, now)
        }
        return .failure(fault)
    }

    /// Records that no refresh is in progress any more.
    package mutating func finish() { refreshingUntil = nil }

    /// Whether the token is kept: a rejected one only if there is no valid one.
    private func isAcceptable(_ token: AccessToken, _ now: Now) -> Bool {
        guard rejections.contains(token.value) else { return true }
        return entry.map { !$0.token.isValid(now) } ?? true
    }

    private mutating func makeEntry(_ token: AccessToken) -> TokenEntry {
        version += 1
        return TokenEntry(token, version: version)
    }

    private mutating func adopt(_ token: AccessToken, number: UInt64, _ now: Now, jitter: Double) -> TokenEntry {
        if let entry, order.isOutdated(number), entry.token.isValid(now) { return entry }
        let new = makeEntry(token)
        entry = new
        order.keep(number)
        refreshFrom = token.refreshFrom(jitter: jitter)
        let quotaLowUntil = token.conserveQuotaFor.map { now.monotonic + $0 }
        backoff.succeeded(pauseAheadUntil: quotaLowUntil)
        rejections.adopted(token.value)
        rejections.quotaLowUntil = quotaLowUntil
        forced.ended(nil)
        return new
    }

    /// Applies the recovery of a tier. A pause that the issuer asked for continues.
    ///
    /// - Parameter isShared: whether replicas share tokens in this tier.
    package mutating func recovered(_ tier: Tier, isShared: Bool, _ now: Now) {
        backoff.recovered(tier, isShared: isShared, now)
    }

    // MARK: The warm file

    /// What the warm file holds of the profile: the valid token, unless it was rejected, and the rejections.
    func warm(_ profile: TokenProfile, _ now: Now) -> WarmToken? {
        let token = entry.map(\.token).flatMap { $0.isValid(now) && !rejections.contains($0.value) ? $0 : nil }
        guard token != nil || !rejections.digests.isEmpty else { return nil }
        return WarmToken(
            profile: profile.name, definition: profile.definition, token: token, rejected: rejections.digests)
    }

    /// Changes when ``warm(_:_:)`` does, except for an expiry.
    var warmVersion: UInt64 { (entry?.version ?? 0) &+ rejections.changes << 32 }

    /// Takes a token of the warm file, if there is none. It counts as due for a refresh, and so is marked as stale.
    ///
    /// - Returns: whether the token is in memory now.
    mutating func restore(_ warm: WarmToken, _ now: Now) -> Bool {
        for digest in warm.rejected { rejections.remember(digest) }
        guard entry == nil, let token = warm.token, token.isValid(now), !rejections.contains(token.value) else {
            return false
        }
        entry = makeEntry(token)
        return true
    }

    // MARK: Rejections and clearing

    /// Records that a resource server rejected the token with that digest.
    ///
    /// The token in memory stays until its replacement is there, because the other resource servers may accept it.
    ///
    /// - Parameter maxRefresh: the maximum duration of a refresh.
    package mutating func reject(
        _ digest: Digest, by caller: String, _ now: Now, maxRefresh: Duration
    ) -> RejectionEffect {
        guard let entry, entry.token.isValid(now) else {
            // The token may still be in the shared tier, and have been served before this process started.
            rejections.remember(digest)
            return .ignored
        }
        guard entry.token.value.hasDigest(digest) else { return .ignored }
        let isFirst = rejections.reject(digest, by: caller, now.monotonic)
        guard isFirst, !isRefreshing(now) else { return .known }
        refreshingUntil = now.monotonic + maxRefresh
        rejections.searchStarted(now.monotonic)
        return .refresh
    }

    /// Drops the token and the backoffs that Latchkey itself chose. A pause that the issuer asked for continues. The
    /// results of refreshes in progress will not be kept.
    package mutating func clear() {
        entry = nil
        rejections.current = nil
        backoff = RefreshBackoff()
        forced = ForcedRefresh()
        refreshingUntil = nil
        order.clear()
        isCleared = true
        issuerBackoff.clear()
    }
}
