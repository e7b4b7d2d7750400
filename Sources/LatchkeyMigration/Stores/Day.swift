package import LatchkeyCore

/// Dates in messages: a day of the UTC calendar.
package enum Day {
    /// The day as `2026-11-24`.
    package static func text(_ time: WallTime) -> String { RFC3339.formatDate(time) }

    fileprivate static let secondsPerDay: Int64 = 86_400
}

extension Duration {
    /// `count` days of 24 hours.
    static func days(_ count: Int) -> Duration { .seconds(Day.secondsPerDay * Int64(count)) }
}
