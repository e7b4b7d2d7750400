package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyMetrics

/// A token and its expiry as stored in a shared tier, not validated. Other programs write them too.
package struct StoredToken: Hashable, Sendable {
    /// The token; `placeholder` stands for none.
    package var token: Secret
    /// The expiry in milliseconds since the epoch, in decimal digits, less the writer's buffer. Empty if missing.
    package var expires: String
    /// When the store says each half was last written; nil if it does not say.
    package var tokenWritten: WallTime?
    package var expiresWritten: WallTime?
    /// The version of the shared token that this one replaces, for a tier with conditional writes.
    package var after: Int64 = 0
    /// The expiry on both clocks, for a token of this process; nil for a pair that was read.
    private var useBy: Expiry?

    package init(
        token: Secret, expires: String, tokenWritten: WallTime? = nil, expiresWritten: WallTime? = nil
    ) {
        self.token = token
        self.expires = expires
        self.tokenWritten = tokenWritten
        self.expiresWritten = expiresWritten
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.token == right.token && left.expires == right.expires
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(expires) }

    /// The pair to store for `token`, in this process's time.
    ///
    /// - Parameter after: the version of the shared token that it replaces.
    package init(_ token: AccessToken, after: Int64 = 0) {
        self.init(token: token.value, expires: String(token.useBy.wall.milliseconds))
        useBy = token.useBy
        self.after = after
    }

    /// Converts the expiry from this process's time to store time. All dates in the store are in store time.
    ///
    /// The expiry of a token of this process is derived from the monotonic clock. So it stays correct if the wall clock
    /// was set between the issuance and the write: `clock` belongs to the wall clock as it is now.
    package func dated(by clock: ClockBounds, _ now: Now) -> StoredToken {
        var pair = self
        let time = useBy.map { now.wall + ($0.monotonic - now.monotonic) } ?? expiryTime
        if let time, time.milliseconds > 0 {
            pair.expires = String((time + clock.certain).milliseconds)
        }
        return pair
    }

    /// The result of a validation.
    package enum Validity: Sendable {
        case usable(AccessToken)
        /// There is no token: `placeholder`.
        case absent
        case expired
        /// No program should have written this pair; `why` is for the log. It will be overwritten.
        case corrupt(why: String)
    }

    /// Validates the pair.
    ///
    /// The expiry of a JSON Web Token is the earlier one of its `exp` and the stored expiry plus the buffer. So an old
    /// token beside a new expiry is never served past its `exp`. A new token beside an old expiry (its writer died
    /// between the two writes) counts as expired, and is replaced.
    ///
    /// An opaque token has only the stored expiry, although it is valid for the writer's buffer longer. It is corrupt
    /// if the expiry was written long after it (``TornPair``).
    ///
    /// - Parameters:
    ///   - now: in store time (``SharedTokenSnapshot/storeTime(_:)``); the resulting token is in store time too.
    ///   - doubt: by how much the store's clock may be ahead of `now`. A JSON Web Token is taken to end that much
    ///     earlier. A stored expiry has its buffer for that.
    ///   - isLeased: whether the pair was written under the lease that is stored beside it. If the expiry is missing or
    ///     belongs to the previous token, the `exp` of a JSON Web Token is used alone then: its writer is between its
    ///     two writes, or has stopped there.
    package func validity(
        from source: Tier, now: Now, doubt: Duration = .zero, buffer: ExpiryBuffer, isLeased: Bool = false
    ) -> Validity {
        if token.withBytes({ $0.elementsEqual("placeholder".utf8) }) { return .absent }
        guard token.withBytes({ AccessTokenLimits.isWellFormed($0) }) else {
            return .corrupt(why: "token is not visible ASCII")
        }
        let claims = TokenClaims(token)
        if isLeased, let claims, let token = accessToken(claims, from: source, now: now, doubt: doubt, buffer: buffer) {
            return .usable(token)
        }
        if expires.isEmpty { return .absent }
        guard let stored = expiryTime else { return .corrupt(why: "expires is not milliseconds") }
        if claims == nil, TornPair.isInterleaved(self, expires: stored, buffer: buffer) {
            return .corrupt(why: "expires was written long after the token, so it is another token's")
        }
        let end = claims.map { min($0.expires, stored + buffer.configured) } ?? stored
        let expiry = Expiry(at: claims == nil ? end : end + (.zero - doubt), seenAt: now)
        let left = expiry.remaining(now)
        guard left > .zero else { return .expired }
        guard left <= AccessTokenLimits.maxLifetime else {
            return .corrupt(why: "expires is over \(AccessTokenLimits.maxLifetimeDays) days ahead")
        }
        // An opaque token has no life beyond the stored expiry. A quarter of a buffer keeps the replicas from all being
        // without a token at that moment.
        let ahead = claims.map { buffer.length(lifetime: $0.lifetime ?? left) } ?? buffer.length(lifetime: left) / 4
        let useBy = min(stored, end + (.zero - ahead))
        return .usable(
            AccessToken(
                value: token, expiry: expiry, useBy: Expiry(at: useBy, seenAt: now), lifetime: claims?.lifetime,
                received: now, source: source))
    }

    /// The token with its own `exp` alone; nil if the stored expiry is that of this token, or `exp` is near or past.
    private func accessToken(
        _ claims: TokenClaims, from source: Tier, now: Now, doubt: Duration, buffer: ExpiryBuffer
    ) -> AccessToken? {
        if let stored = expiryTime, now.wall < stored { return nil }
        let expiry = Expiry(at: claims.expires + (.zero - doubt), seenAt: now)
        let left = expiry.remaining(now)
        let ahead = buffer.length(lifetime: claims.lifetime ?? left)
        guard left > ahead, left <= AccessTokenLimits.maxLifetime else { return nil }
        let useBy = Expiry(at: claims.expires + (.zero - ahead), seenAt: now)
        return AccessToken(
            value: token, expiry: expiry, useBy: useBy, lifetime: claims.lifetime, received: now, source: source)
    }

    /// The stored expiry; nil unless it is 1 to 15 decimal digits, which reach to the year 33658.
    var expiryTime: WallTime? {
        guard (1...15).contains(expires.utf8.count), expires.utf8.allSatisfy(ASCII.isDigit) else {
            return nil
        }
        return Int64(expires).map { WallTime(milliseconds: $0) }
    }
}
