package import LatchkeyCore

extension JSONValue {
    /// A NumericDate (RFC 7519 §2): seconds since 1970-01-01T00:00:00Z, which may have a fraction. Nil for another kind, for
    /// a negative number and beyond 10^12 seconds.
    package var numericDate: WallTime? {
        guard let seconds = double, seconds >= 0 else { return nil }
        return OutsideNumber.date(seconds: seconds)
    }
}
