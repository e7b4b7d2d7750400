/// A number as its text (RFC 8259 §6), so that no digit is lost.
package struct JSONNumber: Hashable, Sendable {
    /// The number as it was written, in ASCII.
    package let text: String

    /// - Parameter source: a number within the grammar.
    init(unchecked source: some Collection<UInt8>) { text = String(decoding: source, as: UTF8.self) }

    /// The shortest text that reads back as the same double; nil if `value` is infinite or NaN.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        let text = "\(value)"
        self.init(unchecked: (text.hasSuffix(".0") ? text.dropLast(2) : text[...]).utf8)
    }

    package init(_ value: Int64) { text = "\(value)" }

    /// The longest text, in bytes, that ``double`` converts. 767 digits determine any double, and the time to convert
    /// grows with the square of their number.
    static let maxDoubleBytes = 1_024

    /// The nearest double; nil if it would be infinite or the text is longer than ``maxDoubleBytes``.
    package var double: Double? {
        guard text.utf8.count <= Self.maxDoubleBytes, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// The exact number if it is an integer within 64 bits, however it is written (`3.0`, `1.7E9`); otherwise nil. Not
    /// computed by way of a double, which has 53 bits.
    package var integer: Int64? {
        if let plain = Int64(text) { return plain }
        let decimal = Decimal(text)
        guard let digits = decimal.digits else { return nil }
        // Counted down from zero, because the magnitude of Int64.min has no positive counterpart.
        var value: Int64 = 0
        for digit in digits {
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowed) = scaled.subtractingReportingOverflow(Int64(digit))
            guard !overflow, !overflowed else { return nil }
            value = sum
        }
        guard !decimal.isNegative else { return value }
        let (positive, overflow) = Int64(0).subtractingReportingOverflow(value)
        return overflow ? nil : positive
    }
}

/// The digits and sign of a number, read in time linear in its text.
private struct Decimal {
    var isNegative = false
    /// The decimal digits of an integer below 10^19, most significant first; nil for every other number.
    var digits: [UInt8]?

    init(_ text: String) {
        var (coefficient, fractionDigits, exponent): ([UInt8], Int, Int) = ([], 0, 0)
        var part = Part.whole
        var isExponentNegative = false
        for byte in text.utf8 {
            switch (byte, part) {
            case (UInt8(ascii: "."), _): part = .fraction
            case (UInt8(ascii: "e"), _), (UInt8(ascii: "E"), _): part = .exponent
            case (UInt8(ascii: "-"), .exponent): isExponentNegative = true
            case (UInt8(ascii: "-"), _): isNegative = true
            case (0x30...0x39, .exponent): exponent = min(exponent * 10 + Int(byte - 0x30), 1 << 40)
            case (0x30...0x39, _):
                if part == .fraction { fractionDigits += 1 }
                if byte != 0x30 || !coefficient.isEmpty { coefficient.append(byte - 0x30) }
            default: break
            }
        }
        var scale = (isExponentNegative ? -exponent : exponent) - fractionDigits
        while coefficient.last == 0 {
            coefficient.removeLast()
            scale += 1
        }
        guard !coefficient.isEmpty else {
            digits = []
            return
        }
        guard scale >= 0, coefficient.count + scale <= 19 else { return }
        digits = coefficient + Array(repeating: 0, count: scale)
    }

    private enum Part { case whole, fraction, exponent }
}
