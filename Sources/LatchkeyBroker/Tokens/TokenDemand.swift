/// What a caller requests beyond a valid token.
package struct TokenDemand: Hashable, Sendable {
    /// The minimum remaining lifetime (`min_ttl`).
    package var minTTL: Duration?
    /// Bypass memory (`refresh=true`).
    package var refresh: Bool
    /// Whether the caller named the profile. If the profile is redefined meanwhile, such a caller gets a token of the
    /// new definition. Any other caller gets ``UpstreamFault/profileChanged``.
    package var isByName: Bool

    /// The caller; nil for Latchkey itself.
    package var requester: Requester?

    package init(
        minTTL: Duration? = nil, refresh: Bool = false, isByName: Bool = true,
        requester: Requester? = nil
    ) {
        self.requester = requester
        self.minTTL = minTTL
        self.refresh = refresh
        self.isByName = isByName
    }
}
