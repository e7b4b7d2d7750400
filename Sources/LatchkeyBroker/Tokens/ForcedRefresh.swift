internal import LatchkeyCore

/// Limits how often callers may force a refresh of one profile: once in ``Backoff/betweenForced``. Pure.
struct ForcedRefresh: Sendable {
    private var last: MonotonicTime?
    /// Why the last forced refresh brought no new token; nil if it did, or has not ended.
    private(set) var fault: UpstreamFault?

    /// Returns the terms of a caller that forces a refresh: a new one, or ``UpstreamFault/refreshFloor``.
    mutating func terms(_ now: Now) -> ProfileState.JoinTerms {
        var terms = ProfileState.JoinTerms()
        if let last, now.monotonic < last + Backoff.betweenForced {
            terms.fault = .refreshFloor
        } else {
            last = now.monotonic
            fault = nil
            terms.isNew = true
        }
        return terms
    }

    /// Records the result of a refresh; nil for a new token.
    mutating func ended(_ fault: UpstreamFault?) { self.fault = fault }
}
