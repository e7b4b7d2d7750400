internal import LatchkeyCore

/// Numbers in five columns.
enum TopNumber {
    /// A rate or count: `0`, `0.4`, `12`, `1234`, `12.3k`, `4.5M`.
    static func count(_ value: Double) -> String {
        guard value.isFinite, value > 0 else { return "0" }
        switch value {
        case ..<0.05: return "<0.1"
        case ..<9.95: return tenths(value)
        case ..<9999.5: return whole(value)
        case ..<99_950: return tenths(value / 1e3) + "k"
        case ..<999_500: return whole(value / 1e3) + "k"
        case ..<99_950_000: return tenths(value / 1e6) + "M"
        default: return whole(min(value / 1e6, 9999)) + "M"
        }
    }

    /// A number of things that are there now: as ``count(_:)``, without a fraction below 10.
    static func amount(_ value: Double) -> String { value < 9.95 ? whole(value) : count(value) }

    /// A time in seconds: `45µs`, `1.2ms`, `250ms`, `1.5s`; `-` without one.
    static func time(_ seconds: Double?) -> String {
        guard let seconds, seconds.isFinite, seconds >= 0 else { return "-" }
        switch seconds {
        case ..<0.0009995: return whole(seconds * 1e6) + "µs"
        case ..<0.00995: return tenths(seconds * 1e3) + "ms"
        case ..<0.9995: return whole(seconds * 1e3) + "ms"
        case ..<9.95: return tenths(seconds) + "s"
        default: return whole(min(seconds, 9999)) + "s"
        }
    }

    /// A span of whole seconds: `45s`, `12m05s`, `2h03m`, `3d04h`.
    static func span(_ seconds: Int64) -> String {
        let seconds = max(0, seconds)
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
        if minutes == 0 { return "\(seconds)s" }
        if hours == 0 { return "\(minutes)m\(two(seconds % 60))s" }
        if days == 0 { return "\(hours)h\(two(minutes % 60))m" }
        return "\(days)d\(two(hours % 24))h"
    }

    /// Bytes: `512 B`, `48 MB`, `1.2 GB`; powers of 1000.
    static func bytes(_ bytes: Double) -> String {
        guard bytes.isFinite, bytes >= 0 else { return "-" }
        switch bytes {
        case ..<999.5: return "\(whole(bytes)) B"
        case ..<999_500: return "\(whole(bytes / 1e3)) kB"
        case ..<999_500_000: return "\(whole(bytes / 1e6)) MB"
        default: return "\(tenths(bytes / 1e9)) GB"
        }
    }

    /// A share of 0 to 1: `99.3 %`. Rounded down, so that one miss in a thousand shows.
    static func share(_ share: Double) -> String {
        let tenths = OutsideNumber.clamped((share * 1000).rounded(.down), to: 0...1000)
        return tenths == 1000 ? "100 %" : "\(tenths / 10).\(tenths % 10) %"
    }

    private static func whole(_ value: Double) -> String {
        "\(OutsideNumber.clamped(value, to: OutsideNumber.counters))"
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = OutsideNumber.clamped(value * 10, to: OutsideNumber.counters)
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func two(_ number: Int64) -> String { DecimalDigits.padded(Int(number)) }
}
