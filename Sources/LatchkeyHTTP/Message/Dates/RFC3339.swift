package import LatchkeyCore

/// Timestamps of RFC 3339, written in UTC.
package enum RFC3339 {
    /// `time` as `2026-11-23T12:55:40Z`, or with milliseconds as `2026-11-23T12:55:40.123Z`.
    package static func format(_ time: WallTime, milliseconds: Bool = false) -> String {
        let civil = CivilTime(time)
        let date =
            "\(DecimalDigits.padded(Int(civil.year), 4))-\(DecimalDigits.padded(civil.month))-\(DecimalDigits.padded(civil.day))"
        let fraction = Int(((time.milliseconds % 1000) + 1000) % 1000)
        return milliseconds ? "\(date)T\(civil.clock).\(DecimalDigits.padded(fraction, 3))Z" : "\(date)T\(civil.clock)Z"
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
            let second = DecimalDigits.parse(bytes[17..<19]), hour < 24, minute < 60, second <= 60,
            (1...12).contains(month)
        else { return nil }
        var remaining = bytes[19...]
        var milliseconds: Int64 = 0
        if remaining.first == UInt8(ascii: ".") {
            let digits = remaining.dropFirst().prefix(while: Grammar.isDigit)
            guard !digits.isEmpty, let fraction = DecimalDigits.parse((digits + [0x30, 0x30]).prefix(3)) else {
                return nil
            }
            milliseconds = fraction
            remaining = remaining.dropFirst(1 + digits.count)
        }
        guard let offset = offset(remaining) else { return nil }
        let days = CivilTime.days(year: year, month: month, day: day)
        let date = CivilTime(WallTime(seconds: days * 86_400))
        guard date.day == Int(day), date.month == Int(month) else { return nil }
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + min(second, 59) - offset
        return WallTime(milliseconds: seconds * 1000 + milliseconds)
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
        format(time).replacing("-", with: "").replacing(":", with: "")
    }
}
