/// Conversions of numbers from outside, such as stores, issuers, files and callers. A number that is not finite, not
/// whole or out of range becomes nil here, so that no later arithmetic traps. Lint allows these conversions only here.
package enum OutsideNumber {
    /// Versions of a stored value; 0 means that there is none. Below the bound the next version can always be computed.
    package static let versions: ClosedRange<Int64> = 0...(1 << 62)
    /// Counters of a metrics page: whole numbers that a double represents exactly.
    package static let counters: ClosedRange<Int64> = 0...(1 << 53)

    /// A whole number in `range` from decimal digits with an optional sign.
    package static func whole(_ text: some StringProtocol, in range: ClosedRange<Int64>) -> Int64? {
        guard let number = Int64(text), range.contains(number) else { return nil }
        return number
    }

    /// A whole number in `range`. Negative zero is zero.
    package static func whole(_ number: Double, in range: ClosedRange<Int64>) -> Int64? {
        guard let number = Int64(exactly: number), range.contains(number) else { return nil }
        return number
    }

    /// The whole number of `range` nearest to `number`; for NaN the lower bound.
    package static func clamped(_ number: Double, to range: ClosedRange<Int64>) -> Int64 {
        guard !number.isNaN else { return range.lowerBound }
        if let whole = Int64(exactly: number.rounded()) { return min(max(whole, range.lowerBound), range.upperBound) }
        return number < 0 ? range.lowerBound : range.upperBound
    }

    /// A version that a store reported; nil if it is outside ``versions``.
    package static func version(_ number: Int64?) -> Int64? {
        number.flatMap { versions.contains($0) ? $0 : nil }
    }
}
