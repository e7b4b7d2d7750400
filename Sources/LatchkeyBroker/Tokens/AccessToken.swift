package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyMetrics

/// What an issuer gave, before any judgement (RFC 6749 §5.1).
package struct IssuedGrant: Sendable {
    package var value: Secret
    package var tokenType: String
    /// Nil when the issuer did not say, or said nothing usable.
    package var expiresIn: Duration?
    package var scope: String?
    /// How long the issuer is better left alone because little is left of its allowance; nil when there is enough.
    package var quotaLowFor: Duration?

    package init(
        value: Secret, tokenType: String, expiresIn: Duration?, scope: String?, quotaLowFor: Duration? = nil
    ) {
        self.value = value
        self.tokenType = tokenType
        self.expiresIn = expiresIn
        self.scope = scope
        self.quotaLowFor = quotaLowFor
    }
}

/// A token that can be given to callers until ``expiry``.
package struct AccessToken: Sendable {
    package let value: Secret
    /// Always `Bearer`: no other type can be used without more than the token (RFC 6749 §7.1).
    package let tokenType = "Bearer"
    package let scope: String?
    /// When it truly expires.
    package private(set) var expiry: Expiry
    /// When a new one should be fetched: ``expiry`` less the buffer.
    package private(set) var useBy: Expiry
    /// From issuance to expiry; nil when it came from a shared tier and does not say.
    package let lifetime: Duration?
    /// When the upstream said so, for `Age`.
    package private(set) var received: Now
    package let source: Tier
    /// Until when it may be written to a shared tier.
    ///
    /// The two halves of a pair are two writes, and two writers can come between each other. An opaque token that finds
    /// itself beside another's expiry must still be good for as long as that says, so what is written late is not
    /// written at all: half a buffer after its issuance is the end. A dated token is judged by its own `exp`.
    package let writeBy: MonotonicTime
    /// How long its issuer asked not to be asked again without need; nil where it has enough left.
    package var quotaLowFor: Duration?

    /// The lifetime assumed where neither `expires_in` nor the token itself gives one: short, never "for ever".
    package static let assumedLifetime: Duration = .seconds(300)
    /// The longest lifetime believed (Auth0's own maximum, 30 days).
    package static let longestLifetime: Duration = .seconds(2_592_000)
    /// How far a token's `exp` may be off from what its lifetime says before this machine's clock is taken for wrong.
    package static let clockTolerance: Duration = .seconds(5)
    /// The longest token believed, in bytes; an HTTP header carries no more in practice.
    package static let maxValueBytes = 16_384

    /// Whether `bytes` can stand in a header and in a parameter: 1 to ``maxValueBytes`` visible ASCII characters
    /// (RFC 6749 appendix A.12), so neither space nor CR nor LF.
    package static func isWellFormed(_ value: Secret) -> Bool {
        value.withBytes { bytes in
            (1...maxValueBytes).contains(bytes.count) && bytes.allSatisfy { (0x21...0x7E).contains($0) }
        }
    }

    /// A token fresh from an issuer.
    ///
    /// Its lifetime is the shortest of `expires_in` and the token's own `exp - iat`. Both are lengths and not dates,
    /// so a wrong clock on this machine shortens nothing and starts no storm of refreshes. Where the wall clock agrees
    /// with them to ``clockTolerance``, `exp` itself counts: issuers cut its seconds off, and resource servers judge by
    /// it. A token with `exp` and no `iat` is measured against the wall clock, unless that would make a brand-new token
    /// expired.
    package init(_ grant: IssuedGrant, from source: Tier, now: Now, buffer: ExpiryBuffer) throws(UpstreamFault) {
        func invalid(_ code: String) -> UpstreamFault {
            UpstreamFault(.invalid, upstream: source.upstream, code: code)
        }
        guard Self.isWellFormed(grant.value) else { throw invalid("access_token") }
        guard grant.tokenType.lowercased() == "bearer" else { throw invalid("token_type") }
        if let expiresIn = grant.expiresIn, expiresIn <= .zero { throw invalid("expires_in") }
        var lifetimes = [Self.longestLifetime]
        if let said = grant.expiresIn { lifetimes.append(said) }
        let claims = TokenClaims(grant.value)
        if let claimed = claims?.lifetime {
            lifetimes.append(claimed)
        } else if let claims, claims.expires > now.wall {
            lifetimes.append(claims.expires - now.wall)
        }
        var lifetime = lifetimes.count > 1 ? lifetimes.min() ?? Self.assumedLifetime : Self.assumedLifetime
        if let left = claims.map({ $0.expires - now.wall }), left > .zero, left < lifetime,
            lifetime - left <= Self.clockTolerance
        {
            lifetime = left
        }
        value = grant.value
        scope = grant.scope
        expiry = Expiry(after: lifetime, from: now)
        let ahead = buffer.length(lifetime: lifetime)
        useBy = Expiry(after: lifetime - ahead, from: now)
        writeBy = now.monotonic + (claims == nil ? ahead / 2 : lifetime - ahead)
        self.lifetime = lifetime
        received = now
        self.source = source
        quotaLowFor = grant.quotaLowFor
    }

    init(value: Secret, expiry: Expiry, useBy: Expiry, lifetime: Duration?, received: Now, source: Tier) {
        self.value = value
        scope = nil
        self.expiry = expiry
        self.useBy = useBy
        self.lifetime = lifetime
        self.received = received
        self.source = source
        writeBy = received.monotonic
        quotaLowFor = nil
    }

    /// Tells its moments by a wall clock that is so much ahead of the one they were told by.
    mutating func shift(by offset: Duration) {
        expiry = expiry.moved(by: offset)
        useBy = useBy.moved(by: offset)
        received.wall = received.wall + offset
    }

    /// Whether it may be given out at all.
    package func isValid(_ now: Now) -> Bool { !expiry.hasPassed(now) }

    /// Whether it may be given out without asking for a new one.
    package func isFresh(_ now: Now) -> Bool { freshness(now) == .fresh }

    /// Whole seconds left, rounded down: the `expires_in` of an answer given now.
    package func expiresIn(_ now: Now) -> Int64 { max(0, expiry.remaining(now).components.seconds) }

    /// Whether it lasts as long as a caller wants.
    ///
    /// A wish longer than the issuer's tokens are fresh counts as that length, else it would cost an issuance a call.
    package func lasts(_ wanted: Duration?, _ now: Now, buffer: ExpiryBuffer) -> Bool {
        guard let wanted else { return isValid(now) }
        let longest = lifetime.map { $0 - buffer.length(lifetime: $0) } ?? wanted
        return isValid(now) && expiry.remaining(now) >= min(wanted, longest)
    }
}
