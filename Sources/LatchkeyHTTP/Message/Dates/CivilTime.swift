internal import LatchkeyCore

/// A date and time of day in UTC, in the proleptic Gregorian calendar.
///
/// The conversions count 400-year cycles from 1 March, so that a leap day is the last day of its year (Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms").
package struct CivilTime {
    var year: Int64
    /// 1 to 12.
    var month: Int
    /// 1 to 31.
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int
    /// 0 is Sunday.
    var weekday: Int

    /// The date and time of `time`, clamped to the years 1 to 9999, which the date formats can write.
    init(_ time: WallTime) {
        let seconds = min(max(time.seconds, -62_135_596_800), 253_402_300_799)
        let days = seconds >= 0 ? seconds / 86_400 : -((86_399 - seconds) / 86_400)
        let clock = Int(seconds - days * 86_400)
        (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60)
        weekday = Int(((days + 4) % 7 + 7) % 7)
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * marchMonth + 2) / 5 + 1)
        month = Int(marchMonth < 10 ? marchMonth + 3 : marchMonth - 9)
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// The time of day as `hh:mm:ss`.
    var clock: String {
        "\(DecimalDigits.padded(hour)):\(DecimalDigits.padded(minute)):\(DecimalDigits.padded(second))"
    }

    /// Days from 1970-01-01 to a date; negative before it.
    package static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
