package import LatchkeyCore
internal import LatchkeyCrypto
package import LatchkeyMetrics

extension TokenRefresh {
    /// The result of a refresh.
    package struct Outcome: Sendable {
        package var token: AccessToken?
        /// What went wrong. May be set beside a token.
        package var fault: UpstreamFault?
        /// ``Need/sequence`` and ``Need/purpose`` of the refresh.
        package var sequence: UInt64 = 0
        package var purpose = IssuePurpose.expiry
        /// Whether the issuer was called. `fault` is its result then; nil for success.
        package var askedIssuer = false
        /// Set if the refresh waited for another replica and got no token from it yet.
        package var deferral: Deferral?
        /// The last version of the shared token that was read.
        package var sharedVersion: Int64 = 0
        /// Whether the token is half of an abandoned pair (``TornPair``), which has to be written completely.
        package var isTorn = false
        /// The version of the lease that the refresh held.
        package var heldLeaseVersion: Int64?
        /// The update of this replica's lease to write, after the pair if there is one: what the issuer asked the fleet
        /// for.
        package var leaseUpdate: LeaseUpdate?
        /// How long no token should be fetched ahead of need, because the issuer's quota is low.
        package var conserveQuotaFor: Duration?

        package init(token: AccessToken? = nil, fault: UpstreamFault? = nil) {
            self.token = token
            self.fault = fault
        }

        /// The write that shares the token; nil if there is nothing to share.
        ///
        /// - Parameters:
        ///   - entry: the token in memory after the outcome was applied. A refresh that started later may have brought
        ///     another one.
        ///   - maxRefresh: the maximum duration of a refresh.
        package func write(of entry: TokenEntry, _ now: Now, maxRefresh: Duration) -> SharedWrite? {
            guard token?.value == entry.token.value, isTorn || (askedIssuer && fault == nil) else { return nil }
            let end = isTorn ? now.monotonic + maxRefresh : entry.token.writeBy
            return .pair(StoredToken(entry.token, after: sharedVersion), by: end)
        }

        /// How metrics count the refresh.
        package var result: RefreshOutcome {
            if token != nil { return .success }
            return deferral != nil || conserveQuotaFor != nil ? .deferred : .failure
        }
    }
}
