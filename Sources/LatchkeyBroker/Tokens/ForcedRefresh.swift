internal import LatchkeyCore

/// Limits how often callers may force a refresh of one profile: once in ``FailureBackoff/betweenForced``, and each of
/// several callers as often an hour as the budget allows, so that one cannot spend the budget of the others. Pure.
struct ForcedRefresh: Sendable {
    /// Callers that are remembered. The configuration allows no more.
    static let maxCallers = 1_024
    private static let window: Duration = .seconds(3600)

    private var last: MonotonicTime?
    /// Why the last forced refresh brought no new token; nil if it did, or has not ended.
    private(set) var fault: UpstreamFault?
    /// The refreshes that each caller has forced.
    private var callers: [String: SlidingWindow] = [:]

    /// Returns the terms of a caller that forces a refresh: a new one, or ``UpstreamFault/refreshFloor``.
    ///
    /// - Parameters:
    ///   - requester: nil for one whose share is not limited.
    ///   - max: how many refreshes one of several callers may force within an hour.
    mutating func terms(_ now: Now, for requester: Requester?, max: Int) -> ProfileState.JoinTerms {
        var terms = ProfileState.JoinTerms()
        if let last, now.monotonic < last + FailureBackoff.betweenForced {
            terms.fault = .refreshFloor
        } else if let wait = take(requester, max, now.monotonic) {
            terms.fault = .refreshShare(wait)
        } else {
            last = now.monotonic
            fault = nil
            terms.isNew = true
        }
        return terms
    }

    /// Counts a forced refresh of a caller. Returns the time until it may force the next one, if it may not now.
    private mutating func take(_ requester: Requester?, _ max: Int, _ now: MonotonicTime) -> Duration? {
        guard let requester, !requester.isAlone else { return nil }
        if callers[requester.id] == nil, callers.count >= Self.maxCallers { callers.removeAll() }
        return callers[requester.id, default: SlidingWindow(maxEvents: max, span: Self.window)].take(
            now)
    }

    /// Records the result of a refresh; nil for a new token.
    mutating func ended(_ fault: UpstreamFault?) { self.fault = fault }
}
