package import LatchkeyCore

/// A moment after which something must not be used, kept on both clocks; it has passed once either says so.
///
/// A wall clock set back cannot lengthen a life, for the monotonic clock goes on counting; a wall clock set forward
/// ends it, for the issuer and the resource servers judge by the wall clock.
package struct Expiry: Hashable, Sendable {
    package let wall: WallTime
    package let monotonic: MonotonicTime

    /// `lifetime` from `now`.
    package init(after lifetime: Duration, from now: Now) {
        wall = now.wall + lifetime
        monotonic = now.monotonic + lifetime
    }

    /// At wall-clock time `wall`, as reckoned at `now`.
    package init(at wall: WallTime, seenAt now: Now) {
        self.wall = wall
        monotonic = now.monotonic + (wall - now.wall)
    }

    package func hasPassed(_ now: Now) -> Bool { now.monotonic >= monotonic || now.wall >= wall }

    /// The time left by whichever clock leaves less; negative once passed.
    package func remaining(_ now: Now) -> Duration { min(monotonic - now.monotonic, wall - now.wall) }

    /// The same moment by a wall clock that is so much ahead.
    func moved(by offset: Duration) -> Expiry { Expiry(wall: wall + offset, monotonic: monotonic) }

    /// So much later on both clocks.
    func later(by length: Duration) -> Expiry { Expiry(wall: wall + length, monotonic: monotonic + length) }

    private init(wall: WallTime, monotonic: MonotonicTime) {
        self.wall = wall
        self.monotonic = monotonic
    }
}

/// How long before its true expiry a token stops being fresh.
package struct ExpiryBuffer: Hashable, Sendable {
    /// `LATCHKEY_TOKEN_EXPIRY_BUFFER`.
    package let configured: Duration

    package init(_ configured: Duration = .seconds(300)) { self.configured = max(.zero, configured) }

    /// The configured length, but never over 20 % of the lifetime: a 60 s token is fresh for 48 s and not never.
    package func length(lifetime: Duration) -> Duration { max(.zero, min(configured, lifetime / 5)) }
}
