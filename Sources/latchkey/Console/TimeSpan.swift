/// A span of time in an option, such as `24h`.
enum TimeSpan {
    /// A whole number and a unit; nil for anything else, and for more than a year.
    static func parse(_ text: String) -> Duration? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int64(text.dropLast()), number > 0,
            number <= 366 * 86_400 / unit
        else { return nil }
        return .seconds(number * unit)
    }
}
