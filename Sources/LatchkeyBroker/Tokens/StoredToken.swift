package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyMetrics

/// The pair as it stands in a shared tier, unchecked: other programs write it too.
package struct StoredToken: Hashable, Sendable {
    /// The token's text; `placeholder` stands for none.
    package var token: Secret
    /// Milliseconds since the epoch in decimal digits, already less the writer's buffer. Empty where there is none.
    package var expires: String
    /// When the store says each half was last written; nil where it does not say.
    package var tokenWritten: WallTime?
    package var expiresWritten: WallTime?
    /// The version of the shared token that this one is to replace, for a tier that writes on conditions.
    package var after: Int64 = 0

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

    /// The pair to store for `token` in place of the one of that version, by our clock.
    package init(_ token: AccessToken, after: Int64 = 0) {
        self.init(token: token.value, expires: String(token.useBy.wall.milliseconds))
        self.after = after
    }

    /// The same by a store's clock: what is shared is dated by the clock that is shared.
    package func dated(by clock: ClockBounds) -> StoredToken {
        var pair = self
        if let time = Self.milliseconds(expires), time.milliseconds > 0 {
            pair.expires = String((time + clock.certain).milliseconds)
        }
        return pair
    }

    /// What a pair is worth.
    package enum Judgement: Sendable {
        case usable(AccessToken)
        /// `placeholder`: nothing there.
        case absent
        /// Past its expiry.
        case expired
        /// Not a pair anyone should have written; `why` names the fault for a log. To be overwritten.
        case corrupt(why: String)
    }

    /// Judges the pair.
    ///
    /// The true expiry of a JSON Web Token is the earlier of its `exp` and the stored time plus the buffer. An old
    /// token beside a new time is thus never held longer than its `exp`; a new token beside an old time (a writer died
    /// between its two writes) counts as expired, is fetched anew and overwritten. An opaque token cannot be checked
    /// that way: it is taken for as long as the stored time says, although it truly lives on for the writer's buffer,
    /// and not at all beside a time written well after it.
    ///
    /// - Parameter now: by the store's clock (``SharedTokenSnapshot/theirs(_:)``), and so is the token it gives.
    /// - Parameter doubt: how much later it may be than `now` says: a JSON Web Token is taken to end that much earlier.
    ///   A stored time is well before the end as it is.
    /// - Parameter isLeased: it was written under the lease that now stands beside it. A JSON Web Token's own `exp`
    ///   then counts alone where the stored time is not there yet, or is the last token's: its writer is between the
    ///   two writes, or may not make the second.
    package func judged(
        from source: Tier, now: Now, doubt: Duration = .zero, buffer: ExpiryBuffer, isLeased: Bool = false
    ) -> Judgement {
        if token.withBytes({ $0.elementsEqual("placeholder".utf8) }) { return .absent }
        guard AccessToken.isWellFormed(token) else { return .corrupt(why: "token is not visible ASCII") }
        let claims = TokenClaims(token)
        if isLeased, let claims, let token = dated(claims, from: source, now, doubt, buffer) { return .usable(token) }
        if expires.isEmpty { return .absent }
        guard let stored = Self.milliseconds(expires) else { return .corrupt(why: "expires is not milliseconds") }
        if claims == nil, isTorn(stored, buffer) {
            return .corrupt(why: "expires was written long after the token, so it is another token's")
        }
        let end = claims.map { min($0.expires, stored + buffer.configured) } ?? stored
        let expiry = Expiry(at: claims == nil ? end : end + (.zero - doubt), seenAt: now)
        let left = expiry.remaining(now)
        guard left > .zero else { return .expired }
        guard left <= AccessToken.longestLifetime else { return .corrupt(why: "expires is over 30 days ahead") }
        // Replicas that all hold an opaque token to the same moment would all be without one at that moment.
        let ahead = claims.map { buffer.length(lifetime: $0.lifetime ?? left) } ?? buffer.length(lifetime: left) / 4
        let useBy = min(stored, end + (.zero - ahead))
        return .usable(
            AccessToken(
                value: token, expiry: expiry, useBy: Expiry(at: useBy, seenAt: now), lifetime: claims?.lifetime,
                received: now, source: source))
    }

    /// The token by its own `exp` alone; nil where the stored time is no older than the token, or `exp` has passed.
    private func dated(
        _ claims: TokenClaims, from source: Tier, _ now: Now, _ doubt: Duration, _ buffer: ExpiryBuffer
    ) -> AccessToken? {
        if let stored = Self.milliseconds(expires), now.wall < stored { return nil }
        let expiry = Expiry(at: claims.expires + (.zero - doubt), seenAt: now)
        let left = expiry.remaining(now)
        let ahead = buffer.length(lifetime: claims.lifetime ?? left)
        guard left > ahead, left <= AccessToken.longestLifetime else { return nil }
        let useBy = Expiry(at: claims.expires + (.zero - ahead), seenAt: now)
        return AccessToken(
            value: token, expiry: expiry, useBy: useBy, lifetime: claims.lifetime, received: now, source: source)
    }

    /// Its time has passed, or says nothing.
    func hasLapsed(_ now: Now) -> Bool { Self.milliseconds(expires).map { $0 <= now.wall } ?? true }

    /// Whether the expiry is so much younger than an opaque token that it may be another token's, and would keep this
    /// one past its end: by more than half the buffer it was shortened by (``AccessToken/writeBy`` is the other half).
    private func isTorn(_ stored: WallTime, _ buffer: ExpiryBuffer) -> Bool {
        guard let tokenWritten, let expiresWritten, expiresWritten > tokenWritten else { return false }
        let gap = buffer.length(lifetime: stored - tokenWritten) / 2
        return expiresWritten - tokenWritten > gap
    }

    /// 1 to 15 decimal digits and nothing else: up to the year 33658.
    private static func milliseconds(_ text: String) -> WallTime? {
        guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text).map { WallTime(milliseconds: $0) }
    }
}
