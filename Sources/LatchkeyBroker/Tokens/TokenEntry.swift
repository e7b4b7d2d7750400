package import LatchkeyCore
package import LatchkeyMetrics

/// The token in memory for one profile. One object a token, so that an endpoint may keep what it rendered for it.
package final class TokenEntry: Sendable {
    package let token: AccessToken
    /// Unlike any other entry's of this broker: the key of what an endpoint keeps.
    package let version: UInt64
    /// The token's two moments again: reading them here copies no token, and every hit reads them.
    private let useBy: Expiry
    private let expiry: Expiry

    init(_ token: AccessToken, version: UInt64) {
        self.token = token
        self.version = version
        useBy = token.useBy
        expiry = token.expiry
    }

    /// How good the token is at `now`.
    package func freshness(_ now: Now) -> Freshness { Freshness(useBy: useBy, expiry: expiry, now) }

    /// Whether it is inside its buffer: valid, served, and due to be replaced (`X-Latchkey-Stale`).
    package func isStale(_ now: Now) -> Bool { freshness(now) != .fresh }
}

/// What a caller asked beyond "a token".
package struct TokenAsk: Hashable, Sendable {
    /// The least life the token should have left (`min_ttl`).
    package var minTTL: Duration?
    /// Go past memory (`refresh=true`).
    package var refresh: Bool
    /// The caller knows the profile by its name: where it is defined anew meanwhile, a token of the new definition is
    /// what it asks for. Else it is told ``UpstreamFault/profileChanged``.
    package var isByName: Bool

    package init(minTTL: Duration? = nil, refresh: Bool = false, isByName: Bool = true) {
        self.minTTL = minTTL
        self.refresh = refresh
        self.isByName = isByName
    }
}

/// The answer to one caller.
package struct ServedToken: Sendable {
    package let entry: TokenEntry
    /// The tier this answer came from: memory for what was there already.
    package let tier: Tier
    /// Why the token is not as new as the caller wished: it is valid, and getting another failed.
    package let refreshError: UpstreamFault?
    /// A resource server refused it, and no other is there yet.
    package let isRejected: Bool
}
