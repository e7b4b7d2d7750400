package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyMetrics

/// The pair as it stands in a shared tier, unchecked: other programs write it too.
package struct StoredToken: Hashable, Sendable {
    /// The token's text; `placeholder` stands for none.
    package var token: Secret
    /// Milliseconds since the epoch in decimal digits, already less the writer's buffer.
    package var expires: String

    package init(token: Secret, expires: String) {
        self.token = token
        self.expires = expires
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.token == right.token && left.expires == right.expires
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(expires) }

    /// The pair to store for `token`.
    package init(_ token: AccessToken) {
        self.init(token: token.value, expires: String(token.useBy.wall.milliseconds))
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
    /// between its two writes) counts as expired, is fetched anew and overwritten. An opaque token cannot be checked,
    /// so the stored time is taken as its expiry although it truly lives on for the writer's buffer.
    package func judged(from source: Tier, now: Now, buffer: ExpiryBuffer) -> Judgement {
        if token.withBytes({ $0.elementsEqual("placeholder".utf8) }) { return .absent }
        guard AccessToken.isWellFormed(token) else { return .corrupt(why: "token is not visible ASCII") }
        guard let stored = Self.milliseconds(expires) else { return .corrupt(why: "expires is not milliseconds") }
        let claims = TokenClaims(token)
        let expires = claims.map { min($0.expires, stored + buffer.configured) } ?? stored
        let expiry = Expiry(at: expires, seenAt: now)
        let left = expiry.remaining(now)
        guard left > .zero else { return .expired }
        guard left <= AccessToken.longestLifetime else { return .corrupt(why: "expires is over 30 days ahead") }
        let ahead = claims == nil ? .zero : buffer.length(lifetime: claims?.lifetime ?? left)
        let useBy = min(stored, expires + (.zero - ahead))
        return .usable(
            AccessToken(
                value: token, expiry: expiry, useBy: Expiry(at: useBy, seenAt: now), lifetime: claims?.lifetime,
                received: now, source: source))
    }

    /// 1 to 15 decimal digits and nothing else: up to the year 33658.
    private static func milliseconds(_ text: String) -> WallTime? {
        guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text).map { WallTime(milliseconds: $0) }
    }
}
