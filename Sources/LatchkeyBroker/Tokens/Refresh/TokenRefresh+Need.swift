package import LatchkeyCrypto
package import LatchkeyMetrics

extension TokenRefresh {
    /// What a refresh has to achieve, and what its broker knows when it starts.
    package struct Need: Sendable {
        package var reason: RefreshReason
        /// The position of this refresh in the order in which the profile's refreshes start.
        package var sequence: UInt64 = 0
        /// What a request to the issuer is for.
        package var purpose = IssuePurpose.expiry
        /// The remaining lifetime that a caller asked for (`min_ttl`).
        package var minTTL: Duration?
        /// The token in memory, which the refresh is to replace.
        package var current: AccessToken?
        /// The digests of tokens that resource servers rejected. Such a token is accepted only if there is no other.
        package var rejected: [Digest] = []
        /// Why the issuer must not be called; nil if it may be.
        package var issuerFault: UpstreamFault?
        /// How long this replica has waited for others without getting a token.
        package var deferral: Deferral?
        /// The version of the lease that this replica won last. The refresh that won it is over, so it is not waited
        /// for.
        package var ownLeaseVersion: Int64?
        /// Whether memory was cleared and no refresh has ended since. This replica's own leases are not waited for
        /// then.
        package var isCleared = false
        /// The definition of the profile (``TokenProfile/definition``).
        package var definition: String?
        /// Whether the definition has changed while the broker ran. A shared token is accepted then only if it is known
        /// to be for this definition.
        package var isRedefined = false

        package init(_ reason: RefreshReason, minTTL: Duration? = nil) {
            self.reason = reason
            self.minTTL = minTTL
        }

        /// Whether a pair may be for this definition.
        func accepts(_ pair: SharedTokenSnapshot.PairDefinition) -> Bool {
            switch pair {
            case .unknown: !isRedefined
            case .known(let other): other == definition || (other == nil && !isRedefined)
            }
        }

        /// Whether ``Lease/Purpose/issuerBackoff`` and ``Lease/Purpose/conserveQuota`` of a lease apply to this
        /// definition. Another definition may have another issuer.
        func isBound(by lease: Lease) -> Bool { accepts(.known(lease.definition)) }
    }
}
