package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyMetrics

/// One profile's token and what is known of getting another. Pure: the broker keeps it under its lock, the fleet
/// simulation on a clock of its own.
package struct ProfileState: Sendable {
    /// The token in memory, valid or not.
    package private(set) var entry: TokenEntry?
    /// When to begin to look for the next token.
    private var refreshFrom: Expiry?
    private var version: UInt64 = 0
    /// Set while a flight is under way, to the end it has at the latest: hits start one refresh and not thousands.
    private var flyingUntil: MonotonicTime?
    /// After a failure with nothing to serve.
    private var coldHold: Backoff?
    /// After a failed refresh of a token that is still valid.
    private var aheadHold: Backoff?
    /// When the issuer may be asked.
    private var issuer = IssuerHolds()
    /// No refresh ahead of need before: the issuer has little left, or another broker is on it.
    private var restUntil: MonotonicTime?
    /// The last refresh that a caller forced.
    private var forced: (at: MonotonicTime, fault: UpstreamFault?)?
    /// What resource servers refused.
    private var rejections = TokenRejections()
    /// Set while trips let other brokers go first and bring nothing.
    private var deferral: TokenRefresh.Deferral?
    /// The lease this broker won last, and the trip that won it, which is over.
    private var ownLease: (version: Int64, trip: UInt64)?
    /// Memory was cleared, and no trip that has begun since is over.
    private var isCleared = false
    /// Trips are numbered in the order in which they start. The number of the last one, of the one whose token is in
    /// memory, and of the last one before memory was cleared.
    private var lastTrip: UInt64 = 0
    private var entryTrip: UInt64 = 0
    private var clearedTrip: UInt64 = 0
    /// The profile's definition has changed while the broker ran.
    private var isRedefined = false

    package init() {}

    /// The state of a profile that is defined anew: nothing is known of it. Versions go on, because endpoints keep what
    /// they rendered by them, and trips that are under way are older than any to come.
    ///
    /// - Parameter isKnown: the name had another definition before, so what stands in the shared tier may be that one's.
    package mutating func redefine(isKnown: Bool) {
        var state = ProfileState()
        state.version = version
        state.lastTrip = lastTrip
        state.clearedTrip = lastTrip
        state.isRedefined = isKnown
        self = state
    }

    /// The token in memory was refused by a resource server, and is served because no other is there yet.
    package var isRejected: Bool { rejections.current != nil }

    /// Whether `entry` is the token in memory and was refused.
    package func isRejected(_ entry: TokenEntry) -> Bool {
        rejections.current != nil && entry.version == self.entry?.version
    }

    // MARK: Hits

    /// `flight` is the longest a flight takes.
    package mutating func hit(_ now: Now, minTTL: Duration?, buffer: ExpiryBuffer, flight: Duration) -> Hit {
        guard let entry else { return .miss }
        if minTTL != nil, !entry.token.lasts(minTTL, now, buffer: buffer) { return .miss }
        let freshness = entry.freshness(now)
        if freshness == .invalid { return .miss }
        if rejections.current != nil { return hitRejected(entry, now) }
        if freshness == .fresh { return .fresh(entry) }
        if let hold = aheadHold, let fault = hold.fault(at: now.monotonic) { return .stale(entry, fault) }
        // The last failure stays told while another attempt is under way.
        if isFlying(now) { return .stale(entry, aheadHold?.fault) }
        if isResting(now) { return .stale(entry, nil) }
        if let refreshFrom, !refreshFrom.hasPassed(now) { return .stale(entry, nil) }
        flyingUntil = now.monotonic + flight
        return .due(entry)
    }

    /// A miss where the caller is to wait for the successor, which it does for a short time.
    private func hitRejected(_ entry: TokenEntry, _ now: Now) -> Hit {
        if isFlying(now) {
            return rejections.waitEnds(now.monotonic) != nil ? .miss : .rejected(entry, aheadHold?.fault)
        }
        return mayLook(now) ? .miss : .rejected(entry, aheadHold?.fault)
    }

    /// Whether another look for a successor may begin: it reads the shared tier, and asks the issuer if that may be.
    private func mayLook(_ now: Now) -> Bool { aheadHold?.fault(at: now.monotonic) == nil && !isResting(now) }

    /// A flight has started and is not over.
    package var isRefreshing: Bool { flyingUntil != nil }

    private func isFlying(_ now: Now) -> Bool { flyingUntil.map { now.monotonic < $0 } ?? false }

    private func isResting(_ now: Now) -> Bool { restUntil.map { now.monotonic < $0 } ?? false }

    // MARK: Misses

    /// `flight` is the longest a flight takes.
    package mutating func decide(_ ask: TokenAsk, _ now: Now, buffer: ExpiryBuffer, flight: Duration) -> Decision {
        guard let entry, entry.token.isValid(now) else {
            if let fault = coldHold?.fault(at: now.monotonic) { return .refuse(issuer.longer(fault, now)) }
            var terms = ask.refresh ? force(now) : FlightTerms()
            // The flight that starts now is one that the caller asked for.
            if !isFlying(now) { terms.fault = nil }
            flyingUntil = now.monotonic + flight
            return .fly(.cold, terms)
        }
        if !ask.refresh, entry.token.lasts(ask.minTTL, now, buffer: buffer) {
            return isRejected ? decideRejected(entry, now, flight) : .serve(entry, nil)
        }
        let isFlying = isFlying(now)
        if !ask.refresh, isFlying { return .fly(.ahead) }
        let terms = force(now)
        if let fault = terms.fault, !isFlying { return .serve(entry, forced?.fault ?? fault) }
        if terms.fault == nil { flyingUntil = now.monotonic + flight }
        return .fly(ask.refresh ? .forced : .ahead, terms)
    }

    /// One refresh in ``Backoff/betweenForced`` may be forced. Who may not is told so.
    private mutating func force(_ now: Now) -> FlightTerms {
        var terms = FlightTerms()
        if let forced, now.monotonic < forced.at + Backoff.betweenForced {
            terms.fault = .refreshFloor
        } else {
            forced = (now.monotonic, nil)
            terms.isNew = true
        }
        return terms
    }

    private mutating func decideRejected(_ entry: TokenEntry, _ now: Now, _ flight: Duration) -> Decision {
        var terms = FlightTerms()
        if isFlying(now) {
            guard let end = rejections.waitEnds(now.monotonic) else { return .serve(entry, aheadHold?.fault) }
            terms.until = end
            return .fly(.rejected, terms)
        }
        guard mayLook(now) else { return .serve(entry, aheadHold?.fault) }
        flyingUntil = now.monotonic + flight
        rejections.lookBegins(now.monotonic)
        terms.until = rejections.waitEnds(now.monotonic)
        return .fly(refreshFrom?.hasPassed(now) == true ? .ahead : .rejected, terms)
    }

    /// What a trip that starts now is for.
    package mutating func need(_ reason: RefreshReason, minTTL: Duration?, _ now: Now) -> TokenRefresh.Need {
        lastTrip += 1
        var need = TokenRefresh.Need(reason, minTTL: minTTL)
        need.trip = lastTrip
        need.current = entry?.token
        need.rejected = rejections.digests
        if reason != .cold, let entry, entry.freshness(now) == .fresh {
            need.purpose = reason == .rejected ? .rejection : .caller
        }
        need.issuerHeld = issuer.held(need.purpose, now)
        if need.issuerHeld == nil, need.purpose == .rejection { need.issuerHeld = rejections.floor(now.monotonic) }
        need.deferral = deferral
        need.ownLease = ownLease?.version
        need.isCleared = isCleared
        need.isRedefined = isRedefined
        return need
    }

    // MARK: Landing

    /// Takes what a trip brought.
    ///
    /// Memory keeps the token of the trip that started last: what an older trip brings later, or one from before memory
    /// was cleared, goes to those who wait for it and no further.
    ///
    /// - Parameter chance: uniform in [0, 1).
    /// - Returns: the new token; or why there is none, with the time until another attempt.
    package mutating func land(
        _ outcome: TokenRefresh.Outcome, _ reason: RefreshReason, _ now: Now, chance: Double
    ) -> Result<TokenEntry, UpstreamFault> {
        if outcome.trip == lastTrip { flyingUntil = nil }
        if outcome.askedIssuer {
            issuer.answered(outcome.fault, outcome.purpose, now)
            if outcome.purpose == .rejection { rejections.causedIssuance(now.monotonic) }
        }
        deferral = outcome.deferral
        if let held = outcome.heldLease, outcome.trip >= ownLease?.trip ?? 0 { ownLease = (held, outcome.trip) }
        let isCurrent = outcome.trip > clearedTrip
        if isCurrent { isCleared = false }
        // What was valid when the trip found it may have expired, or been refused, by the time it is over.
        let token = outcome.token.flatMap { $0.isValid(now) && isWelcome($0, now) ? $0 : nil }
        var result = entry
        if let token { result = isCurrent ? adopt(token, outcome.trip, now, chance) : made(token) }
        if let wait = outcome.sparesFor { restUntil = now.monotonic + wait }
        // Also where an old token came from the shared tier: the next attempt is to wait its turn.
        if let fault = outcome.fault, isCurrent { failed(fault, outcome, reason, now, chance) }
        if let result, token != nil || (outcome.sparesFor != nil && result.token.isValid(now)) {
            return .success(result)
        }
        var fault = outcome.fault ?? UpstreamFault(.unavailable)
        if fault.reason == .unavailable {
            fault.retryAfter = coldHold?.fault(at: now.monotonic)?.retryAfter
            fault = issuer.longer(fault, now)
        }
        return .failure(fault)
    }

    /// Notes that no flight is under way any more. Said too often it costs nothing: flights are single anyway.
    package mutating func landed() { flyingUntil = nil }

    /// A token that was refused is better than none, and than nothing else.
    private func isWelcome(_ token: AccessToken, _ now: Now) -> Bool {
        guard rejections.contains(token.value) else { return true }
        return entry.map { !$0.token.isValid(now) } ?? true
    }

    private mutating func made(_ token: AccessToken) -> TokenEntry {
        version += 1
        return TokenEntry(token, version: version)
    }

    private mutating func adopt(_ token: AccessToken, _ trip: UInt64, _ now: Now, _ chance: Double) -> TokenEntry {
        if let entry, entryTrip > trip, entry.token.isValid(now) { return entry }
        let made = made(token)
        entry = made
        entryTrip = trip
        refreshFrom = token.refreshFrom(chance: chance)
        coldHold = nil
        aheadHold = nil
        rejections.adopted(token.value)
        restUntil = token.quotaLowFor.map { now.monotonic + $0 }
        rejections.quotaLowUntil = restUntil
        forced?.fault = nil
        return made
    }

    private mutating func failed(
        _ fault: UpstreamFault, _ outcome: TokenRefresh.Outcome, _ reason: RefreshReason, _ now: Now, _ chance: Double
    ) {
        if let entry, entry.token.isValid(now) {
            if outcome.deferral != nil, fault.reason == .unavailable {
                restUntil = now.monotonic + Backoff.afterDeferral * (0.5 + chance)
            } else {
                aheadHold = Backoff(
                    after: aheadHold, fault, now: now.monotonic, cap: Backoff.whileServing, chance: chance)
                if !outcome.askedIssuer, let wait = fault.retryAfter { aheadHold?.end(by: now.monotonic + wait) }
            }
        } else {
            coldHold = Backoff(after: coldHold, fault, now: now.monotonic, cap: Backoff.whileEmpty, chance: chance)
            // Nobody new was asked: no reason to wait for longer than was said before.
            if !outcome.askedIssuer, let wait = fault.retryAfter { coldHold?.end(by: now.monotonic + wait) }
        }
        if reason == .forced || reason == .ahead { forced?.fault = fault }
    }

    /// A tier that failed answers again. Pauses whose cause that was end, and so does any pause if replicas share tokens
    /// there, because another's token may be found. What an issuer asked for stays.
    package mutating func recovered(_ tier: Tier, isShared: Bool, _ now: Now) {
        if let hold = coldHold, hold.isCaused(by: tier) || isShared { coldHold?.end(because: now.monotonic) }
        if let hold = aheadHold, hold.isCaused(by: tier) || isShared { aheadHold?.end(because: now.monotonic) }
    }

    // MARK: Rejections and clearing

    /// Notes that a resource server refused the token of that digest.
    ///
    /// The token in memory stays until its successor is there: the others would be left without one.
    package mutating func reject(
        _ digest: Digest, by caller: String, _ now: Now, flight: Duration
    ) -> RejectionEffect {
        guard let entry, entry.token.isValid(now) else {
            // It may stand in the shared tier still, from where it came before this process started.
            rejections.remember(digest)
            return .none
        }
        guard entry.token.value.hasDigest(digest) else { return .none }
        let isFirst = rejections.reject(digest, by: caller, now.monotonic)
        guard isFirst, !isFlying(now) else { return .known }
        flyingUntil = now.monotonic + flight
        rejections.lookBegins(now.monotonic)
        return .look
    }

    /// Drops the token and the pauses that are Latchkey's own choice. A pause the issuer asked for stays. What trips
    /// that are under way bring is not kept.
    package mutating func clear() {
        entry = nil
        rejections.current = nil
        coldHold = nil
        aheadHold = nil
        restUntil = nil
        forced = nil
        flyingUntil = nil
        clearedTrip = lastTrip
        isCleared = true
        issuer.clear()
    }
}
