package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyMetrics

/// A validated token that can be served until ``expiry``.
package struct AccessToken: Sendable {
    package let value: Secret
    package let scope: String?
    /// When the token expires.
    package private(set) var expiry: Expiry
    /// When the token should be refreshed: ``expiry`` less the ``ExpiryBuffer``.
    package private(set) var useBy: Expiry
    /// From issuance to expiry; nil for a token from the shared tier that does not say.
    package let lifetime: Duration?
    /// When the upstream returned it, for `Age`.
    package private(set) var received: Now
    package let source: Tier
    /// Until when the token may be written to the shared tier.
    ///
    /// Token and expiry are two writes, and two writers can interleave. An opaque token beside the expiry of another
    /// writer must not be dead before that expiry. So an opaque token is not written later than half a buffer after its
    /// issuance. ``TornPair`` allows for the other half. A JSON Web Token is checked against its own `exp` instead.
    package let writeBy: MonotonicTime
    /// How long the issuer's quota should be saved; nil if enough of it is left.
    package var conserveQuotaFor: Duration?

    /// The lifetime that is assumed if neither `expires_in` nor the token has one. It is short, and never unlimited.
    static let assumedLifetime: Duration = .seconds(300)
    /// How far `exp` may differ from the computed expiry before this machine's clock is considered wrong.
    static let clockTolerance: Duration = .seconds(5)
    /// Validates the response of an issuer.
    ///
    /// The lifetime is the shorter one of `expires_in` and the token's own `exp - iat`. Both are durations, so a wrong
    /// clock on this machine cannot shorten it and cause a storm of refreshes. If the wall clock agrees with `exp`
    /// within ``clockTolerance``, `exp` itself counts, because issuers truncate it to whole seconds and resource
    /// servers check it. A token with `exp` and without `iat` is measured against the wall clock, unless it would be
    /// expired already.
    ///
    /// - Throws: `invalid` with the member that cannot be used as the code.
    package init(_ grant: TokenResponse, from source: Tier, now: Now, buffer: ExpiryBuffer) throws(UpstreamFault) {
        func invalid(_ code: String) -> UpstreamFault {
            UpstreamFault(.invalid, upstream: source.upstream, code: code)
        }
        guard grant.value.withBytes({ AccessTokenLimits.isWellFormed($0) }) else { throw invalid("access_token") }
        // A client cannot use any other type with the token alone (RFC 6749 §7.1).
        guard grant.tokenType.lowercased() == "bearer" else { throw invalid("token_type") }
        if let expiresIn = grant.expiresIn, expiresIn <= .zero { throw invalid("expires_in") }
        let claims = TokenClaims(grant.value)
        let lifetime = Self.lifetime(expiresIn: grant.expiresIn, claims, now)
        value = grant.value
        scope = grant.scope
        expiry = Expiry(after: lifetime, from: now)
        let ahead = buffer.length(lifetime: lifetime)
        useBy = Expiry(after: lifetime - ahead, from: now)
        writeBy = now.monotonic + (claims == nil ? ahead / 2 : lifetime - ahead)
        self.lifetime = lifetime
        received = now
        self.source = source
        conserveQuotaFor = grant.conserveQuotaFor
    }

    private static func lifetime(expiresIn: Duration?, _ claims: TokenClaims?, _ now: Now) -> Duration {
        var lifetimes = [AccessTokenLimits.maxLifetime]
        if let expiresIn { lifetimes.append(expiresIn) }
        if let claimed = claims?.lifetime {
            lifetimes.append(claimed)
        } else if let claims, claims.expires > now.wall {
            lifetimes.append(claims.expires - now.wall)
        }
        let lifetime = lifetimes.count > 1 ? lifetimes.min() ?? assumedLifetime : assumedLifetime
        guard let left = claims.map({ $0.expires - now.wall }), left > .zero, left < lifetime,
            lifetime - left <= clockTolerance
        else { return lifetime }
        return left
    }

    /// A token from the shared tier, which has no scope, or from the warm file.
    init(
        value: Secret, scope: String? = nil, expiry: Expiry, useBy: Expiry, lifetime: Duration?, received: Now,
        source: Tier
    ) {
        self.value = value
        self.scope = scope
        self.expiry = expiry
        self.useBy = useBy
        self.lifetime = lifetime
        self.received = received
        self.source = source
        writeBy = received.monotonic
        conserveQuotaFor = nil
    }

    /// Converts all wall-clock times to a clock that is `offset` ahead.
    mutating func shift(by offset: Duration) {
        expiry = expiry.moved(by: offset)
        useBy = useBy.moved(by: offset)
        received.wall = received.wall + offset
    }

    /// Whether the token has not expired.
    package func isValid(_ now: Now) -> Bool { !expiry.hasPassed(now) }

    /// Whether the token may be served without a refresh.
    package func isFresh(_ now: Now) -> Bool { freshness(now) == .fresh }

    /// The remaining whole seconds, rounded down: the `expires_in` of a response.
    package func expiresIn(_ now: Now) -> Int64 { max(0, expiry.remaining(now).components.seconds) }

    /// Whether the token is valid for at least `wanted`.
    ///
    /// A value longer than the tokens of this issuer stay fresh is reduced to that, because otherwise every call would
    /// cost an issuance.
    package func lasts(_ wanted: Duration?, _ now: Now, buffer: ExpiryBuffer) -> Bool {
        guard let wanted else { return isValid(now) }
        let maxFresh = lifetime.map { $0 - buffer.length(lifetime: $0) } ?? wanted
        return isValid(now) && expiry.remaining(now) >= min(wanted, maxFresh)
    }
}
