package import LatchkeyCore
package import LatchkeyMetrics

extension ProfileState {
    /// What memory has for a caller.
    package enum Hit: Sendable {
        case miss
        case fresh(TokenEntry)
        /// Valid, inside its buffer. The fault says why there is no newer token, if a refresh failed.
        case stale(TokenEntry, UpstreamFault?)
        /// As ``stale(_:_:)``, and the caller has to start a refresh in the background.
        case due(TokenEntry)
        /// Valid, but rejected by a resource server, and without a replacement. The fault says why.
        case rejected(TokenEntry, UpstreamFault?)
    }

    /// What a caller has to do after a miss, or if it wants a newer token.
    package enum Decision: Sendable {
        case serve(TokenEntry, UpstreamFault?)
        case refuse(UpstreamFault)
        /// Join the refresh in progress, or start one.
        case join(RefreshReason, JoinTerms = JoinTerms())
    }

    /// How a caller takes part in a refresh.
    package struct JoinTerms: Sendable {
        /// The caller needs a refresh that starts now, so it does not join one in progress.
        package var isNew = false
        /// The fault to return beside the token, if the refresh started before the caller's request.
        package var fault: UpstreamFault?
        /// When the caller stops waiting, because it can be served without the refresh.
        package var until: MonotonicTime?

        package init() {}

        /// When a caller with that deadline stops waiting.
        package func waitEnd(_ deadline: MonotonicTime) -> MonotonicTime { until.map { min($0, deadline) } ?? deadline }
    }

    /// The effect of ``reject(_:by:_:maxRefresh:)``.
    package enum RejectionEffect: Hashable, Sendable {
        /// The token is not the one in memory, so nothing changes.
        case ignored
        /// The token is the one in memory. It was reported before, or a refresh is in progress.
        case known
        /// The token is the one in memory. The caller has to start a refresh.
        case refresh
    }

    /// The token in memory if it is fresh and was not rejected: what ``hit(_:minTTL:buffer:maxRefresh:)`` returns nearly
    /// always. It changes nothing; `mutating` keeps the compiler from copying the state.
    mutating func fresh(_ now: Now) -> TokenEntry? {
        guard let entry, !isRejected, !entry.useBy.hasPassed(now), !entry.expiry.hasPassed(now) else {
            return nil
        }
        return entry
    }

    /// What callers of a failed refresh get: the token in memory, if it is valid.
    package func fallback(_ now: Now) -> TokenEntry? { entry.flatMap { $0.token.isValid(now) ? $0 : nil } }
}
