internal import LatchkeyCore

/// The member `time` as bytes. Only the milliseconds are rendered for each line; the rest once a second.
struct AuditTimeText: Sendable {
    private var second: Int64 = .min
    private(set) var bytes: [UInt8] = []

    /// Renders `time` as ``RFC3339`` does it, with milliseconds.
    mutating func set(_ time: WallTime) {
        let seconds = time.seconds
        if seconds != second {
            second = seconds
            bytes = Array(RFC3339.format(time, milliseconds: true).utf8)
            return
        }
        let fraction = Int(truncatingIfNeeded: time.milliseconds &- seconds &* 1000)
        let end = bytes.count - 1
        bytes[end - 3] = Self.digit(fraction / 100)
        bytes[end - 2] = Self.digit(fraction / 10 % 10)
        bytes[end - 1] = Self.digit(fraction % 10)
    }

    private static func digit(_ value: Int) -> UInt8 { 0x30 &+ UInt8(truncatingIfNeeded: value) }
}
