package import LatchkeyCore

/// A time limit on both clocks. It has passed as soon as either clock says so.
///
/// A wall clock that is set back cannot extend the limit, because the monotonic clock continues. A wall clock that is
/// set forward ends it, because issuers and resource servers use the wall clock.
package struct Expiry: Hashable, Sendable {
    package let wall: WallTime
    package let monotonic: MonotonicTime

    /// A limit `lifetime` after `now`.
    package init(after lifetime: Duration, from now: Now) {
        wall = now.wall + lifetime
        monotonic = now.monotonic + lifetime
    }

    /// A limit at a wall-clock time. The monotonic limit is derived from the distance to `now`.
    package init(at wall: WallTime, seenAt now: Now) {
        self.wall = wall
        monotonic = now.monotonic + (wall - now.wall)
    }

    /// Uses plain integers, because this runs for every request.
    package func hasPassed(_ now: Now) -> Bool {
        now.monotonic.nanoseconds >= monotonic.nanoseconds || now.wall.milliseconds >= wall.milliseconds
    }

    /// The time left on the clock that leaves less; negative once the limit has passed.
    package func remaining(_ now: Now) -> Duration { min(monotonic - now.monotonic, wall - now.wall) }

    /// The same limit in the time of a wall clock that is `offset` ahead.
    func moved(by offset: Duration) -> Expiry { Expiry(wall: wall + offset, monotonic: monotonic) }

    /// The limit `length` later on both clocks.
    func later(by length: Duration) -> Expiry { Expiry(wall: wall + length, monotonic: monotonic + length) }

    private init(wall: WallTime, monotonic: MonotonicTime) {
        self.wall = wall
        self.monotonic = monotonic
    }
}
