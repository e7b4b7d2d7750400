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
    private var coldHold: Hold?
    /// After a failed refresh of a token that is still valid.
    private var aheadHold: Hold?
    /// After the issuer asked for peace (`Retry-After`) or refused.
    private var issuerHold: Hold?
    /// No refresh ahead of need before: the issuer has little left, or another broker is on it.
    private var restUntil: MonotonicTime?
    /// The last refresh that a caller caused, by force or by a rejection.
    private var forced: (at: MonotonicTime, fault: UpstreamFault?)?
    /// The tokens that resource servers refused last, at most ``rejectedKept``: an older one may still stand in the
    /// shared tier while the write of its successor is under way.
    private var rejected: [Digest] = []
    /// Set from a rejection to the flight that follows it.
    private var rejectedAt: MonotonicTime?
    /// Set while trips let other brokers go first and bring nothing.
    private var deferral: TokenTrip.Deferral?
    /// The lease this broker won last and got no token with.
    private var ownLease: Int64?

    /// Refused tokens that are remembered.
    static let rejectedKept = 8

    package init() {}

    /// What a hit finds.
    package enum Hit: Sendable {
        case miss
        case fresh(TokenEntry)
        /// Valid, inside its buffer. The fault is why there is no newer one, where getting it failed.
        case stale(TokenEntry, UpstreamFault?)
        /// As ``stale(_:_:)``, and the finder is to start a refresh in the background.
        case due(TokenEntry)
    }

    /// `flight` is the longest a flight takes.
    package mutating func hit(_ now: Now, minTTL: Duration?, buffer: ExpiryBuffer, flight: Duration) -> Hit {
        guard let entry else { return .miss }
        if minTTL != nil, !entry.token.lasts(minTTL, now, buffer: buffer) { return .miss }
        switch entry.freshness(now) {
        case .fresh: return .fresh(entry)
        case .invalid: return .miss
        case .stale: break
        }
        if let hold = aheadHold, let fault = hold.fault(at: now.monotonic) { return .stale(entry, fault) }
        // The last failure stays told while another attempt is under way.
        if isFlying(now) { return .stale(entry, aheadHold?.fault) }
        if let restUntil, now.monotonic < restUntil { return .stale(entry, nil) }
        if let refreshFrom, !refreshFrom.hasPassed(now) { return .stale(entry, nil) }
        flyingUntil = now.monotonic + flight
        return .due(entry)
    }

    /// A flight has started and has not landed.
    package var isRefreshing: Bool { flyingUntil != nil }

    private func isFlying(_ now: Now) -> Bool { flyingUntil.map { now.monotonic < $0 } ?? false }

    /// What a caller who found no hit, or does not want one, is to do.
    package enum Decision: Sendable {
        case serve(TokenEntry, UpstreamFault?)
        case refuse(UpstreamFault)
        case fly(RefreshReason)
    }

    /// `flight` is the longest a flight takes.
    package mutating func decide(_ ask: TokenAsk, _ now: Now, buffer: ExpiryBuffer, flight: Duration) -> Decision {
        guard let entry, entry.token.isValid(now) else {
            if let fault = coldHold?.fault(at: now.monotonic) { return .refuse(longer(fault, now)) }
            flyingUntil = now.monotonic + flight
            return .fly(rejectedAt == nil ? .cold : .rejected)
        }
        if !ask.refresh, entry.token.lasts(ask.minTTL, now, buffer: buffer) { return .serve(entry, nil) }
        if !isFlying(now) {
            if let forced, now.monotonic < forced.at + Hold.betweenForced { return .serve(entry, forced.fault) }
            forced = (now.monotonic, nil)
            flyingUntil = now.monotonic + flight
        }
        return .fly(ask.refresh ? .forced : .ahead)
    }

    /// Whichever failure tells the caller to wait longer: the issuer's own wish, if it outlasts Latchkey's pause.
    private func longer(_ fault: UpstreamFault, _ now: Now) -> UpstreamFault {
        guard let held = issuerHeld(now), let wait = held.retryAfter, wait > fault.retryAfter ?? .zero else {
            return fault
        }
        return held
    }

    /// What a trip that starts now is for.
    package func need(_ reason: RefreshReason, minTTL: Duration?, _ now: Now) -> TokenTrip.Need {
        var need = TokenTrip.Need(reason, minTTL: minTTL)
        need.current = entry?.token
        need.rejected = rejected
        need.issuerHeld = issuerHeld(now)
        need.deferral = deferral
        need.ownLease = ownLease
        if reason == .rejected { need.notBefore = forced.map { $0.at + Hold.betweenForced } }
        return need
    }

    // MARK: Landing

    /// Takes what a trip brought.
    ///
    /// - Parameter chance: uniform in [0, 1).
    /// - Returns: the new token; or why there is none, with the time until another attempt.
    package mutating func land(
        _ outcome: TokenTrip.Outcome, _ reason: RefreshReason, _ now: Now, chance: Double
    ) -> Result<TokenEntry, UpstreamFault> {
        flyingUntil = nil
        if outcome.askedIssuer {
            issuerAnswered(outcome.fault, now)
            if reason == .rejected { forced = (now.monotonic, nil) }
        }
        deferral = outcome.deferral
        ownLease = outcome.heldLease
        // What was valid when the trip found it may have expired, or been refused, by the time it is over.
        let token = outcome.token.flatMap { token in
            token.isValid(now) && !rejected.contains { token.value.hasDigest($0) } ? token : nil
        }
        if let token { adopt(token, now, chance) }
        if let wait = outcome.sparesFor { restUntil = now.monotonic + wait }
        // Also where an old token came from the shared tier: the next attempt is to wait its turn.
        if let fault = outcome.fault { failed(fault, outcome, reason, now, chance) }
        if let entry, token != nil || (outcome.sparesFor != nil && entry.token.isValid(now)) {
            return .success(entry)
        }
        var fault = outcome.fault ?? UpstreamFault(.unavailable)
        if fault.reason == .unavailable {
            fault.retryAfter = coldHold?.fault(at: now.monotonic)?.retryAfter
            fault = longer(fault, now)
        }
        return .failure(fault)
    }

    /// Notes that no flight is under way any more. Said too often it costs nothing: flights are single anyway.
    package mutating func landed() { flyingUntil = nil }

    private mutating func adopt(_ token: AccessToken, _ now: Now, _ chance: Double) {
        version += 1
        entry = TokenEntry(token, version: version)
        refreshFrom = token.refreshFrom(chance: chance)
        coldHold = nil
        aheadHold = nil
        rejectedAt = nil
        restUntil = token.quotaLowFor.map { now.monotonic + $0 }
        forced?.fault = nil
    }

    private mutating func failed(
        _ fault: UpstreamFault, _ outcome: TokenTrip.Outcome, _ reason: RefreshReason, _ now: Now, _ chance: Double
    ) {
        if let entry, entry.token.isValid(now) {
            if outcome.deferral != nil, fault.reason == .unavailable {
                restUntil = now.monotonic + Hold.afterDeferral * (0.5 + chance)
            } else {
                aheadHold = Hold(after: aheadHold, fault, now: now.monotonic, cap: Hold.whileServing, chance: chance)
            }
        } else {
            coldHold = Hold(after: coldHold, fault, now: now.monotonic, cap: Hold.whileEmpty, chance: chance)
            // Nobody new was asked: no reason to wait for longer than was said before.
            if !outcome.askedIssuer, let wait = fault.retryAfter { coldHold?.end(by: now.monotonic + wait) }
        }
        if reason == .forced || reason == .ahead { forced?.fault = fault }
    }

    // MARK: The issuer

    /// Why the issuer must not be asked now, if so.
    package func issuerHeld(_ now: Now) -> UpstreamFault? { issuerHold?.fault(at: now.monotonic) }

    /// Notes what the issuer's answer means for the next call to it.
    private mutating func issuerAnswered(_ fault: UpstreamFault?, _ now: Now) {
        issuerHold = fault.flatMap { fault in
            wait(after: fault).map { Hold(fault, until: now.monotonic + $0) }
        }
    }

    /// How long the issuer is left alone after a fault; nil where only Latchkey's own pauses hold.
    private func wait(after fault: UpstreamFault) -> Duration? {
        let asked = fault.retryAfter.map { min(max($0, .seconds(1)), Hold.longestRetryAfter) }
        switch fault.reason {
        case .denied: return Hold.afterDenial
        case .throttled where fault.isIssuersWish: return asked ?? .seconds(1)
        case .budgetSpent: return asked
        // An issuer that fails may say for how long (RFC 9110 §15.6.4).
        case .unavailable where fault.upstream == .auth0 || fault.upstream == .oauth2: return asked
        case .throttled, .unavailable, .timedOut, .refused, .invalid, .overloaded, .notReady, .notFound: return nil
        }
    }

    // MARK: Dropping

    /// Drops the token if it is the one of that digest: a resource server refused it.
    ///
    /// - Returns: whether it was. Of a burst of rejections the first is; those behind it change nothing.
    package mutating func reject(_ digest: Digest, _ now: Now) -> Bool {
        guard let entry, entry.token.isValid(now) else {
            // It may stand in the shared tier still, from where it came before this process started.
            keepRejected(digest)
            return false
        }
        guard entry.token.value.hasDigest(digest) else { return false }
        self.entry = nil
        keepRejected(digest)
        rejectedAt = now.monotonic
        coldHold = nil
        aheadHold = nil
        return true
    }

    private mutating func keepRejected(_ digest: Digest) {
        guard !rejected.contains(digest) else { return }
        rejected.append(digest)
        if rejected.count > Self.rejectedKept { rejected.removeFirst() }
    }

    /// Drops the token and the pauses that are Latchkey's own choice. A pause the issuer asked for stays.
    package mutating func clear() {
        entry = nil
        coldHold = nil
        aheadHold = nil
        restUntil = nil
        forced = nil
        if issuerHold?.fault.reason == .denied { issuerHold = nil }
    }
}
