internal import LatchkeyCore

/// A point in time in an option: a timestamp of RFC 3339, or a span before now.
enum TimePoint {
    /// Nil for anything else.
    static func parse(_ text: String, now: WallTime) -> WallTime? {
        if let time = RFC3339.parse(text) { return time }
        return TimeSpan.parse(text).map { WallTime(milliseconds: now.milliseconds - $0.clampedNanoseconds / 1_000_000) }
    }

    /// For the message about a malformed one.
    static let rule = "must be a time such as 2026-11-30T12:00:00Z, or a span before now such as 90s, 30m, 24h or 30d"
}
