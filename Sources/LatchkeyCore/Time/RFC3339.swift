/// Timestamps of RFC 3339, written in UTC.
package enum RFC3339 {
    /// `time` as `2026-11-23T12:55:40Z`, or with milliseconds as `2026-11-23T12:55:40.123Z`.
    package static func format(_ time: WallTime, milliseconds: Bool = false) -> String {
        let fraction = Int(((time.milliseconds % 1000) + 1000) % 1000)
        return
            "\(formatDate(time))T\(CivilTime(time).clock)\(milliseconds ? ".\(DecimalDigits.padded(fraction, 3))" : "")Z"
    }

    /// The date of `time`, for example `2026-11-23`.
    package static func formatDate(_ time: WallTime) -> String {
        let civil = CivilTime(time)
        let (month, day) = (DecimalDigits.padded(civil.month), DecimalDigits.padded(civil.day))
        return "\(DecimalDigits.padded(Int(civil.year), 4))-\(month)-\(day)"
    }

    /// The time that a timestamp names, to the millisecond; nil for any other text and for a date that does not exist.
    ///
    /// `UTC` is accepted for `Z`, because the AWS CLI writes it in its cache files. A leap second counts as the second
    /// before it.
    package static func parse(_ text: some StringProtocol) -> WallTime? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = DecimalDigits.parse(bytes[0..<4]), let month = DecimalDigits.parse(bytes[5..<7]),
            let day = DecimalDigits.parse(bytes[8..<10]),
            let hour = DecimalDigits.parse(bytes[11..<13]), let minute = DecimalDigits.parse(bytes[14..<16]),
            let second = DecimalDigits.parse(bytes[17..<19]), let time = time(year, month, day, hour, minute, second)
        else { return nil }
        var remaining = bytes[19...]
        var milliseconds: Int64 = 0
        if remaining.first == UInt8(ascii: ".") {
            let digits = remaining.dropFirst().prefix(while: ASCII.isDigit)
            guard !digits.isEmpty, let fraction = DecimalDigits.parse((digits + [0x30, 0x30]).prefix(3)) else {
                return nil
            }
            milliseconds = fraction
            remaining = remaining.dropFirst(1 + digits.count)
        }
        guard let offset = offset(remaining) else { return nil }
        return WallTime(milliseconds: (time - offset) * 1000 + milliseconds)
    }

    /// The seconds from 1970 to a date and time of day; nil if there is none such. A leap second counts as the second before.
    private static func time(
        _ year: Int64, _ month: Int64, _ day: Int64, _ hour: Int64, _ minute: Int64, _ second: Int64
    ) -> Int64? {
        guard hour < 24, minute < 60, second <= 60, (1...12).contains(month) else { return nil }
        let days = CivilTime.days(year: year, month: month, day: day)
        let date = CivilTime(WallTime(seconds: days * 86_400))
        guard date.day == Int(day), date.month == Int(month) else { return nil }
        return days * 86_400 + hour * 3600 + minute * 60 + min(second, 59)
    }

    /// The offset from UTC in seconds, positive to the east; nil when `zone` is malformed.
    private static func offset(_ zone: ArraySlice<UInt8>) -> Int64? {
        if zone.elementsEqual("Z".utf8) || zone.elementsEqual("z".utf8) || zone.elementsEqual("UTC".utf8) { return 0 }
        let zone = Array(zone)
        guard zone.count == 6, zone[3] == UInt8(ascii: ":"), let hours = DecimalDigits.parse(zone[1..<3]),
            let minutes = DecimalDigits.parse(zone[4..<6]), hours < 24, minutes < 60
        else { return nil }
        switch zone[0] {
        case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3600 + minutes * 60)
        default: return nil
        }
    }

    /// `time` in the basic format of ISO 8601, `20261123T125540Z`, which Signature Version 4 uses for `X-Amz-Date`.
    package static func formatBasic(_ time: WallTime) -> String {
        let civil = CivilTime(time)
        let date =
            "\(DecimalDigits.padded(Int(civil.year), 4))\(DecimalDigits.padded(civil.month))\(DecimalDigits.padded(civil.day))"
        let (hour, minute) = (DecimalDigits.padded(civil.hour), DecimalDigits.padded(civil.minute))
        return "\(date)T\(hour)\(minute)\(DecimalDigits.padded(civil.second))Z"
    }

    /// The time that a text in the basic format names; nil for any other text and for a time that does not exist.
    package static func parseBasic(_ text: UnsafeRawBufferPointer) -> WallTime? {
        guard text.count == 16, text[8] == UInt8(ascii: "T"), text[15] == UInt8(ascii: "Z"),
            let year = DecimalDigits.parse(text, 0..<4), let month = DecimalDigits.parse(text, 4..<6),
            let day = DecimalDigits.parse(text, 6..<8), let hour = DecimalDigits.parse(text, 9..<11),
            let minute = DecimalDigits.parse(text, 11..<13), let second = DecimalDigits.parse(text, 13..<15)
        else { return nil }
        return time(year, month, day, hour, minute, second).map { WallTime(seconds: $0) }
    }
}
