package import LatchkeyCore

/// Dates in messages: a day of the UTC calendar.
package enum Day {
    /// The day as `2026-11-24`.
    ///
    /// Proleptic Gregorian calendar; Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    package static func text(_ time: WallTime) -> String {
        let seconds = time.seconds
        let days = (seconds >= 0 ? seconds : seconds - secondsPerDay + 1) / secondsPerDay
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    fileprivate static let secondsPerDay: Int64 = 86_400

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Duration {
    /// `count` days of 24 hours.
    static func days(_ count: Int) -> Duration { .seconds(Day.secondsPerDay * Int64(count)) }
}
