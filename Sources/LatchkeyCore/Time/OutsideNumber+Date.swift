extension OutsideNumber {
    /// The time that is `seconds` after 1970-01-01T00:00:00Z, read to the millisecond. Nil beyond ±10^12 seconds.
    package static func date(seconds: Double?) -> WallTime? {
        guard let seconds, let milliseconds = Int64(exactly: (seconds * 1000).rounded()),
            abs(seconds) < 1e12
        else { return nil }
        return WallTime(milliseconds: milliseconds)
    }
}
