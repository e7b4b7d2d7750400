package import LatchkeyCore

/// Dates in IMF-fixdate, the one format in which HTTP dates are sent (RFC 9110 §5.6.7).
package enum HTTPDate {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `time` in whole seconds, for example `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func format(_ time: WallTime) -> String {
        let civil = CivilTime(time)
        let date =
            "\(DecimalDigits.padded(civil.day)) \(months[civil.month - 1]) \(DecimalDigits.padded(Int(civil.year), 4))"
        return "\(weekdays[civil.weekday]), \(date) \(civil.clock) GMT"
    }

    /// The time that an IMF-fixdate names; nil for any other text, for a date that does not exist, and before 1970.
    ///
    /// RFC 9110 §5.6.7 asks recipients to read two obsolete formats too. They are not read here, because the date of a
    /// peer is only a hint about its clock.
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
        // A leap second counts as the second before it.
        let time = WallTime(seconds: days * 86_400 + hour * 3600 + minute * 60 + min(second, 59))
        // Comparing with the formatted time also checks the separators, the day of the month and the weekday.
        var written = Array(format(time).utf8)
        if second == 60 { written.replaceSubrange(23..<25, with: "60".utf8) }
        return written == bytes ? time : nil
    }
}
