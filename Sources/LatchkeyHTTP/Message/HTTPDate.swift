package import LatchkeyCore

/// A moment of the proleptic Gregorian calendar in UTC.
package struct CivilTime {
    var year: Int64
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int
    /// 0 is Sunday.
    var weekday: Int

    /// The calendar's reading of a count of seconds, by the 400-year cycle counted from March, so that a leap day is
    /// the last of its year.
    init(_ time: WallTime) {
        // Year ±9999 at the most: what the formats below can write.
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

    /// Days since 1970-01-01 of a calendar date.
    package static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

/// IMF-fixdate, the one form in which dates are sent (RFC 9110 §5.6.7).
package enum HTTPDate {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// For example `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func format(_ time: WallTime) -> String {
        let civil = CivilTime(time)
        let date = "\(padded(civil.day)) \(months[civil.month - 1]) \(padded(Int(civil.year), 4))"
        let clock = "\(padded(civil.hour)):\(padded(civil.minute)):\(padded(civil.second))"
        return "\(weekdays[civil.weekday]), \(date) \(clock) GMT"
    }

    /// The time an IMF-fixdate stands for; nil for anything else, a date the calendar does not have included. The two
    /// obsolete forms are not read: a peer's clock is only ever a hint here.
    package static func parse(_ text: some StringProtocol) -> WallTime? {
        let bytes = Array(text.utf8)
        guard bytes.count == 29, let day = number(bytes[5..<7]), let year = number(bytes[12..<16]), year >= 1970,
            let month = months.firstIndex(of: String(decoding: bytes[8..<11], as: UTF8.self)),
            let hour = number(bytes[17..<19]), let minute = number(bytes[20..<22]), let second = number(bytes[23..<25]),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = CivilTime.days(year: year, month: Int64(month) + 1, day: day)
        let time = WallTime(seconds: days * 86_400 + hour * 3600 + minute * 60 + min(second, 59))
        // Written again it must be the same text: that holds the separators, the day of the month and the weekday to it.
        var written = Array(format(time).utf8)
        if second == 60 { written.replaceSubrange(23..<25, with: "60".utf8) }  // a leap second counts as the one before
        return written == bytes ? time : nil
    }
}

/// A number in decimal digits and nothing else.
private func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    var value: Int64 = 0
    for digit in digits {
        guard Grammar.isDigit(digit) else { return nil }
        value = value * 10 + Int64(digit - 0x30)
    }
    return value
}

/// Internet timestamps in UTC (RFC 3339).
package enum RFC3339 {
    /// `2026-11-23T12:55:40Z`, with `.123` before the Z when milliseconds are asked for.
    package static func format(_ time: WallTime, milliseconds: Bool = false) -> String {
        let civil = CivilTime(time)
        let date = "\(padded(Int(civil.year), 4))-\(padded(civil.month))-\(padded(civil.day))"
        let clock = "\(padded(civil.hour)):\(padded(civil.minute)):\(padded(civil.second))"
        let fraction = Int(((time.milliseconds % 1000) + 1000) % 1000)
        return milliseconds ? "\(date)T\(clock).\(padded(fraction, 3))Z" : "\(date)T\(clock)Z"
    }

    /// The moment a timestamp stands for: a fraction is read to the millisecond, an offset is undone, and `UTC` is taken
    /// for `Z` as AWS's command line writes it. Nil for anything else, a date the calendar does not have included.
    package static func parse(_ text: some StringProtocol) -> WallTime? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]),
            let second = number(bytes[17..<19]), hour < 24, minute < 60, second <= 60, (1...12).contains(month)
        else { return nil }
        var rest = bytes[19...]
        var milliseconds: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix(while: Grammar.isDigit)
            guard !digits.isEmpty, let fraction = number((digits + [0x30, 0x30]).prefix(3)) else { return nil }
            milliseconds = fraction
            rest = rest.dropFirst(1 + digits.count)
        }
        guard let offset = offset(rest) else { return nil }
        let days = CivilTime.days(year: year, month: month, day: day)
        let date = CivilTime(WallTime(seconds: days * 86_400))
        guard date.day == Int(day), date.month == Int(month) else { return nil }
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + min(second, 59) - offset
        return WallTime(milliseconds: seconds * 1000 + milliseconds)
    }

    /// Seconds east of Greenwich.
    private static func offset(_ zone: ArraySlice<UInt8>) -> Int64? {
        if zone.elementsEqual("Z".utf8) || zone.elementsEqual("z".utf8) || zone.elementsEqual("UTC".utf8) { return 0 }
        let zone = Array(zone)
        guard zone.count == 6, zone[3] == UInt8(ascii: ":"), let hours = number(zone[1..<3]),
            let minutes = number(zone[4..<6]), hours < 24, minutes < 60
        else { return nil }
        switch zone[0] {
        case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3600 + minutes * 60)
        default: return nil
        }
    }

    /// `20261123T125540Z`: the basic form AWS signs (SigV4's `x-amz-date`).
    package static func formatBasic(_ time: WallTime) -> String {
        format(time).replacing("-", with: "").replacing(":", with: "")
    }
}

/// A number in at least `width` digits.
private func padded(_ number: Int, _ width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
