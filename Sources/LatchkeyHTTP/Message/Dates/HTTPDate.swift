package import LatchkeyCore

/// IMF-fixdate, the one form in which dates are sent (RFC 9110 §5.6.7).
package enum HTTPDate {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// For example `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func format(_ time: WallTime) -> String {
        let civil = CivilTime(time)
        let date =
            "\(DecimalDigits.padded(civil.day)) \(months[civil.month - 1]) \(DecimalDigits.padded(Int(civil.year), 4))"
        let clock =
            "\(DecimalDigits.padded(civil.hour)):\(DecimalDigits.padded(civil.minute)):\(DecimalDigits.padded(civil.second))"
        return "\(weekdays[civil.weekday]), \(date) \(clock) GMT"
    }

    /// The time an IMF-fixdate stands for; nil for anything else, a date the calendar does not have included. The two
    /// obsolete forms are not read: a peer's clock is only ever a hint here.
    package static func parse(_ text: some StringProtocol) -> WallTime? {
        let bytes = Array(text.utf8)
        guard bytes.count == 29, let day = DecimalDigits.parse(bytes[5..<7]),
            let year = DecimalDigits.parse(bytes[12..<16]), year >= 1970,
            let month = months.firstIndex(of: String(decoding: bytes[8..<11], as: UTF8.self)),
            let hour = DecimalDigits.parse(bytes[17..<19]), let minute = DecimalDigits.parse(bytes[20..<22]),
            let second = DecimalDigits.parse(bytes[23..<25]),
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
