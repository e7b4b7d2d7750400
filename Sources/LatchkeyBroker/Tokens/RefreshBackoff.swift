internal import LatchkeyCore
internal import LatchkeyMetrics

/// When the next refresh of one profile may start after a failure. Pure.
struct RefreshBackoff: Sendable {
    /// The backoff after a failure with nothing to serve.
    private var cold: Backoff?
    /// The backoff after a failed refresh of a token that is still valid.
    private var ahead: Backoff?
    /// No refresh ahead of need starts before: the issuer's quota is low, or another replica is refreshing.
    private var aheadPausedUntil: MonotonicTime?

    /// Why there is no token, during the backoff.
    func coldFault(_ now: Now) -> UpstreamFault? { cold?.fault(at: now.monotonic) }

    /// Why the last refresh of the valid token failed, during the backoff.
    func aheadFault(_ now: Now) -> UpstreamFault? { ahead?.fault(at: now.monotonic) }

    /// Why the last refresh of the valid token failed. It is reported until another attempt has ended.
    var lastAheadFault: UpstreamFault? { ahead?.fault }

    func isAheadPaused(_ now: Now) -> Bool { aheadPausedUntil.map { now.monotonic < $0 } ?? false }

    mutating func pauseAhead(until end: MonotonicTime?) { aheadPausedUntil = end }

    /// Records a new token.
    ///
    /// - Parameter end: until when no refresh ahead of need starts, because the issuer's quota is low.
    mutating func succeeded(pauseAheadUntil end: MonotonicTime?) {
        cold = nil
        ahead = nil
        aheadPausedUntil = end
    }

    /// Records a failed refresh.
    ///
    /// - Parameters:
    ///   - isServing: whether there is a valid token.
    ///   - jitter: uniform in [0, 1).
    mutating func failed(
        _ fault: UpstreamFault, _ outcome: TokenRefresh.Outcome, isServing: Bool, _ now: Now, jitter: Double
    ) {
        if isServing, outcome.deferral != nil, fault.reason == .unavailable {
            aheadPausedUntil = now.monotonic + Backoff.afterDeferral * (0.5 + jitter)
            return
        }
        let (last, cap) = isServing ? (ahead, Backoff.whileServing) : (cold, Backoff.whileEmpty)
        var backoff = Backoff(after: last, fault, now: now.monotonic, cap: cap, jitter: jitter)
        // The issuer was not called, so the wait that was announced before is not extended.
        if !outcome.askedIssuer, let wait = fault.retryAfter { backoff.end(by: now.monotonic + wait) }
        if isServing { ahead = backoff } else { cold = backoff }
    }

    /// Applies the recovery of a tier. It ends the backoffs that the tier caused.
    ///
    /// - Parameter isShared: whether replicas share tokens in this tier. Its recovery ends every backoff, because
    ///   another replica's token may be there.
    mutating func recovered(_ tier: Tier, isShared: Bool, _ now: Now) {
        if let cold, cold.isCaused(by: tier) || isShared { self.cold?.end(because: now.monotonic) }
        if let ahead, ahead.isCaused(by: tier) || isShared { self.ahead?.end(because: now.monotonic) }
    }
}
