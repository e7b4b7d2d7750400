internal import LatchkeyCore
internal import LatchkeyMetrics

/// One profile's token and what is known of getting another. Pure.
struct ProfileState {
    private(set) var entry: TokenEntry?
    /// Set while a flight is under way, to the end it has at the latest: hits start one refresh and not thousands.
    private var flyingUntil: MonotonicTime?
    /// After a failure with nothing to serve.
    private var coldHold: Hold?
    /// After a failed refresh of a token that is still valid.
    private var aheadHold: Hold?
    /// After the issuer asked for peace (`Retry-After`) or refused.
    private var issuerHold: Hold?
    /// The last refresh that a caller forced.
    private var forced: (at: MonotonicTime, fault: UpstreamFault?)?

    /// What a hit finds.
    enum Hit {
        case miss
        case fresh(TokenEntry)
        /// Valid, inside its buffer.
        case stale(TokenEntry)
        /// As ``stale(_:)``, and the finder is to start a refresh in the background.
        case due(TokenEntry)
    }

    /// `flight` is the longest a flight takes.
    mutating func hit(_ now: Now, minTTL: Duration?, buffer: ExpiryBuffer, flight: Duration) -> Hit {
        guard let entry, entry.token.lasts(minTTL, now, buffer: buffer) else { return .miss }
        if entry.token.isFresh(now) { return .fresh(entry) }
        if isFlying(now) || aheadHold?.fault(at: now.monotonic) != nil { return .stale(entry) }
        flyingUntil = now.monotonic + flight
        return .due(entry)
    }

    /// A flight has started and has not landed.
    var isRefreshing: Bool { flyingUntil != nil }

    private func isFlying(_ now: Now) -> Bool { flyingUntil.map { now.monotonic < $0 } ?? false }

    /// What a caller who found no hit, or does not want one, is to do.
    enum Decision {
        case serve(TokenEntry, UpstreamFault?)
        case refuse(UpstreamFault)
        case fly(RefreshReason)
    }

    /// `flight` is the longest a flight takes.
    mutating func decide(_ ask: TokenAsk, _ now: Now, buffer: ExpiryBuffer, flight: Duration) -> Decision {
        guard let entry, entry.token.isValid(now) else {
            if let fault = coldHold?.fault(at: now.monotonic) { return .refuse(longer(fault, now)) }
            flyingUntil = now.monotonic + flight
            return .fly(.cold)
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

    /// Takes a token into memory.
    mutating func adopt(_ new: TokenEntry) {
        entry = new
        coldHold = nil
        aheadHold = nil
        forced?.fault = nil
    }

    /// Notes that a flight got no new token.
    mutating func failed(_ fault: UpstreamFault, reason: RefreshReason, _ now: Now) {
        if let entry, entry.token.isValid(now) {
            aheadHold = Hold(after: aheadHold, fault, now: now.monotonic, cap: Hold.whileServing)
        } else {
            coldHold = Hold(after: coldHold, fault, now: now.monotonic, cap: Hold.whileEmpty)
        }
        if reason != .cold { forced?.fault = fault }
    }

    /// Notes that no flight is under way any more. Said too often it costs nothing: flights are single anyway.
    mutating func landed() { flyingUntil = nil }

    /// Why the issuer must not be asked now, if so.
    func issuerHeld(_ now: Now) -> UpstreamFault? { issuerHold?.fault(at: now.monotonic) }

    /// Notes what the issuer's answer means for the next call to it.
    mutating func issuerAnswered(_ fault: UpstreamFault?, _ now: Now) {
        switch fault?.reason {
        case .throttled:
            let wait = min(max(fault?.retryAfter ?? .seconds(1), .seconds(1)), Hold.longestRetryAfter)
            issuerHold = fault.map { Hold($0, until: now.monotonic + wait) }
        case .denied:
            issuerHold = fault.map { Hold($0, until: now.monotonic + Hold.afterDenial) }
        default:
            issuerHold = nil
        }
    }

    /// Drops the token and the pauses that are Latchkey's own choice. A pause the issuer asked for stays.
    mutating func clear() {
        entry = nil
        coldHold = nil
        aheadHold = nil
        forced = nil
        if issuerHold?.fault.reason == .denied { issuerHold = nil }
    }
}
