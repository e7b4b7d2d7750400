package import LatchkeyCore
internal import LatchkeyHTTP

/// When credentials end, as their makers write it: ISO 8601 with a zone, in every form, and the blank and the names `UTC`
/// and `GMT` that botocore's reader (dateutil) takes besides.
package enum ExpirationTime {
    /// Why a text is no such time.
    package struct Malformed: Error, Hashable, Sendable {
        /// To be put behind the name of what holds the text.
        package let reason: String

        static let noTime = Malformed(reason: "is no ISO 8601 time such as 2027-01-31T12:00:00Z")
        static let noZone = Malformed(
            reason: "has no time zone: write Z or an offset such as +01:00 behind it, or the end cannot be known")
    }

    /// Date and time are in the extended form (`2027-01-31T12:00:00`) or the basic one (`20270131T120000`), the date by
    /// month, week (`2027-W04-7`) or day of the year (`2027-031`), the time to the second, minute or hour with a
    /// fraction. Read to the millisecond, rounded down.
    package static func parse(_ text: String) throws(Malformed) -> WallTime {
        let bytes = Array(text.utf8)
        // The longest sensible form is half as long.
        guard bytes.count <= 64,
            let separator = bytes.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "t") || $0 == UInt8(ascii: " ") }),
            let days = days(bytes[..<separator])
        else { throw .noTime }
        let rest = bytes[(separator + 1)...]
        let isClock: (UInt8) -> Bool = { Grammar.isDigit($0) || ":.,".utf8.contains($0) }
        let clock = rest.prefix(while: isClock)
        guard let milliseconds = milliseconds(clock) else { throw .noTime }
        let zone = rest[clock.endIndex...].drop { $0 == UInt8(ascii: " ") }
        guard !zone.isEmpty else { throw .noZone }
        guard let offset = offset(zone) else { throw .noTime }
        // Years have four digits: nothing here comes near an overflow.
        return WallTime(milliseconds: days * 86_400_000 + milliseconds - offset * 1000)
    }

    // MARK: Date

    /// Days since 1970.
    private static func days(_ date: ArraySlice<UInt8>) -> Int64? {
        let hyphens = date.filter { $0 == UInt8(ascii: "-") }.count
        let parts = date.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let compact = Array(date.filter { $0 != UInt8(ascii: "-") })
        guard compact.count >= 7, let year = number(compact[..<4]) else { return nil }
        // A form has all its hyphens or none.
        let lengths = hyphens == 0 ? nil : parts.map(\.count)
        let rest = compact[4...]
        if rest.first == UInt8(ascii: "W") {
            guard rest.count == 4, lengths == nil || lengths == [4, 3, 1], let week = number(rest[5..<7]),
                let day = number(rest[7...])
            else { return nil }
            return days(year: year, week: week, day: day)
        }
        if rest.count == 3 {
            guard lengths == nil || lengths == [4, 3], let day = number(rest), day >= 1 else { return nil }
            let first = CivilTime.days(year: year, month: 1, day: 1)
            let length = CivilTime.days(year: year + 1, month: 1, day: 1) - first
            return day <= length ? first + day - 1 : nil
        }
        guard rest.count == 4, lengths == nil || lengths == [4, 2, 2], let month = number(rest[4..<6]),
            let day = number(rest[6...]), (1...12).contains(month), day >= 1
        else { return nil }
        let days = CivilTime.days(year: year, month: month, day: day)
        let next =
            month == 12
            ? CivilTime.days(year: year + 1, month: 1, day: 1) : CivilTime.days(year: year, month: month + 1, day: 1)
        return days < next ? days : nil
    }

    /// Week 1 is the one with the year's first Thursday; weeks begin with Monday.
    private static func days(year: Int64, week: Int64, day: Int64) -> Int64? {
        let first = monday(ofFirstWeekIn: year)
        let weeks = (monday(ofFirstWeekIn: year + 1) - first) / 7
        guard (1...weeks).contains(week), (1...7).contains(day) else { return nil }
        return first + (week - 1) * 7 + day - 1
    }

    private static func monday(ofFirstWeekIn year: Int64) -> Int64 {
        let fourth = CivilTime.days(year: year, month: 1, day: 4)
        // Day 0, the first of January 1970, was a Thursday.
        let weekday = ((fourth + 3) % 7 + 7) % 7
        return fourth - weekday
    }

    // MARK: Time

    private static let hour: Int64 = 3_600_000

    /// Since midnight; a leap second is the one before it.
    private static func milliseconds(_ clock: ArraySlice<UInt8>) -> Int64? {
        let whole = clock.prefix { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: ",") }
        let digits = Array(whole.filter { $0 != UInt8(ascii: ":") })
        let parts = whole.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard [2, 4, 6].contains(digits.count), parts.count == 1 || parts.allSatisfy({ $0.count == 2 }) else {
            return nil
        }
        let fields = stride(from: 0, to: digits.count, by: 2).compactMap { number(digits[$0..<($0 + 2)]) }
        let limits: [Int64] = [24, 59, 60]
        guard fields.count * 2 == digits.count, zip(fields, limits).allSatisfy({ $0 <= $1 }) else { return nil }
        let units: [Int64] = [hour, hour / 60, hour / 3600]
        var sum: Int64 = 0
        for (index, field) in fields.enumerated() { sum += (index == 2 ? min(field, 59) : field) * units[index] }
        let fraction = clock[whole.endIndex...]
        if !fraction.isEmpty {
            let digits = fraction.dropFirst()
            guard !digits.isEmpty, digits.allSatisfy(Grammar.isDigit), let part = number(digits.prefix(9)) else {
                return nil
            }
            let scale = digits.prefix(9).reduce(Int64(1)) { scale, _ in scale * 10 }
            sum += part * units[fields.count - 1] / scale
        }
        return sum <= 24 * hour ? sum : nil
    }

    // MARK: Zone

    /// Seconds east of Greenwich.
    private static func offset(_ zone: ArraySlice<UInt8>) -> Int64? {
        if ["Z", "z", "UTC", "GMT"].contains(String(decoding: zone, as: UTF8.self)) { return 0 }
        guard let sign = zone.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        let text = zone.dropFirst()
        let digits = Array(text.filter { $0 != UInt8(ascii: ":") })
        let hasColon = text.count == 5 && text[text.startIndex + 2] == UInt8(ascii: ":")
        guard digits.count == 2 || digits.count == 4, hasColon || text.count == digits.count,
            let hours = number(digits[..<2]), let minutes = digits.count == 4 ? number(digits[2...]) : 0,
            hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }

    private static func number(_ digits: some Collection<UInt8>) -> Int64? {
        guard digits.allSatisfy(Grammar.isDigit) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}
