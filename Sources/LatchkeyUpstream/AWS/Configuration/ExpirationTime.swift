package import LatchkeyCore
internal import LatchkeyHTTP

/// The expiration of credentials as their issuers write it: ISO 8601 with a time zone, in every form. Also accepts what
/// botocore's parser (dateutil) accepts: a blank between date and time, and the zone names `UTC` and `GMT`.
package enum ExpirationTime {
    /// The text is not such a time.
    package struct SyntaxError: Error, Hashable, Sendable {
        /// A predicate, to be put after the name of the setting or member.
        package let reason: String

        static let notATime = SyntaxError(reason: "is not an ISO 8601 time such as 2027-01-31T12:00:00Z")
        static let noZone = SyntaxError(
            reason: "has no time zone: add Z or an offset such as +01:00, without which the expiration is unknown")
    }

    /// Date and time in the extended form (`2027-01-31T12:00:00`) or the basic form (`20270131T120000`); the date by
    /// month, week (`2027-W04-7`) or day of the year (`2027-031`); the time to the second, the minute or the hour, each
    /// with a fraction. Rounded down to the millisecond.
    package static func parse(_ text: String) throws(SyntaxError) -> WallTime {
        let bytes = Array(text.utf8)
        // The longest form in use is half as long.
        guard bytes.count <= 64,
            let separator = bytes.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "t") || $0 == UInt8(ascii: " ") }),
            let days = days(bytes[..<separator])
        else { throw .notATime }
        let rest = bytes[(separator + 1)...]
        let isClock: (UInt8) -> Bool = { ASCII.isDigit($0) || ":.,".utf8.contains($0) }
        let clock = rest.prefix(while: isClock)
        guard let milliseconds = milliseconds(clock) else { throw .notATime }
        let zone = rest[clock.endIndex...].drop { $0 == UInt8(ascii: " ") }
        guard !zone.isEmpty else { throw .noZone }
        guard let offset = offset(zone) else { throw .notATime }
        // Years have four digits, so nothing here overflows.
        return WallTime(milliseconds: days * 24 * hour + milliseconds - offset * 1000)
    }

    // MARK: Date

    /// Days since 1970.
    private static func days(_ date: ArraySlice<UInt8>) -> Int64? {
        let hyphens = date.filter { $0 == UInt8(ascii: "-") }.count
        let parts = date.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let compact = Array(date.filter { $0 != UInt8(ascii: "-") })
        guard compact.count >= 7, let year = number(compact[..<4]) else { return nil }
        // A date has all hyphens of its form or none.
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

    /// Week 1 contains the year's first Thursday. Weeks begin on Monday.
    private static func days(year: Int64, week: Int64, day: Int64) -> Int64? {
        let first = monday(ofFirstWeekIn: year)
        let weeks = (monday(ofFirstWeekIn: year + 1) - first) / 7
        guard (1...weeks).contains(week), (1...7).contains(day) else { return nil }
        return first + (week - 1) * 7 + day - 1
    }

    private static func monday(ofFirstWeekIn year: Int64) -> Int64 {
        let fourth = CivilTime.days(year: year, month: 1, day: 4)
        // Day 0, 1 January 1970, was a Thursday.
        let weekday = ((fourth + 3) % 7 + 7) % 7
        return fourth - weekday
    }

    // MARK: Time

    /// In milliseconds.
    private static let hour: Int64 = 3_600_000

    /// Milliseconds since midnight. A leap second counts as the second before it.
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
            guard !digits.isEmpty, digits.allSatisfy(ASCII.isDigit), let part = number(digits.prefix(9)) else {
                return nil
            }
            let scale = digits.prefix(9).reduce(Int64(1)) { scale, _ in scale * 10 }
            sum += part * units[fields.count - 1] / scale
        }
        return sum <= 24 * hour ? sum : nil
    }

    // MARK: Zone

    /// The offset from UTC in seconds, positive to the east.
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
        guard digits.allSatisfy(ASCII.isDigit) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}
