/// Numbers that came from outside, made into numbers that can be computed with. The one place where that is done: what
/// is not finite, not whole or out of range is nil here, and never a trap later.
package enum OutsideNumber {
    /// Versions of what a store keeps: 0 (there is none) to 2^62, so that the next one can always be counted.
    package static let versions: ClosedRange<Int64> = 0...(1 << 62)
    /// Counters of a metrics text: whole numbers that a double holds exactly.
    package static let counters: ClosedRange<Int64> = 0...(1 << 53)

    /// A whole number in range, from decimal digits with a sign at the most.
    package static func whole(_ text: some StringProtocol, in range: ClosedRange<Int64>) -> Int64? {
        guard let number = Int64(text), range.contains(number) else { return nil }
        return number
    }

    /// A whole number in range. Negative zero is zero.
    package static func whole(_ number: Double, in range: ClosedRange<Int64>) -> Int64? {
        guard let number = Int64(exactly: number), range.contains(number) else { return nil }
        return number
    }

    /// The nearest whole number of the range; its lower end for what is no number.
    package static func clamped(_ number: Double, to range: ClosedRange<Int64>) -> Int64 {
        guard !number.isNaN else { return range.lowerBound }
        if let whole = Int64(exactly: number.rounded()) { return min(max(whole, range.lowerBound), range.upperBound) }
        return number < 0 ? range.lowerBound : range.upperBound
    }

    /// A version that a store told of; nil for what is none.
    package static func version(_ number: Int64?) -> Int64? {
        number.flatMap { versions.contains($0) ? $0 : nil }
    }

    /// The moment of a count of seconds since 1970, a fraction included; nil for what no calendar of ours holds.
    package static func date(seconds: Double?) -> WallTime? {
        guard let seconds, let milliseconds = Int64(exactly: (seconds * 1000).rounded()),
            abs(seconds) < 1e12
        else { return nil }
        return WallTime(milliseconds: milliseconds)
    }
}
