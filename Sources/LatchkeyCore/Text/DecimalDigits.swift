/// Decimal numbers as bytes: written without a String, read without a sign.
@usableFromInline
package enum DecimalDigits {
    /// Appends `number` in decimal, with a minus sign when it is negative.
    @inlinable
    package static func append(_ number: Int64, to output: inout [UInt8]) {
        // At most nineteen digits and a sign, written from the last to the first.
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { buffer in
            var start = buffer.count
            var remaining = number.magnitude
            repeat {
                start -= 1
                buffer[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: remaining % 10)
                remaining /= 10
            } while remaining > 0
            if number < 0 {
                start -= 1
                buffer[start] = UInt8(ascii: "-")
            }
            output.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[start...]))
        }
    }

    /// The number of decimal digits of `number`.
    @inlinable
    package static func count(_ number: UInt64) -> Int {
        var (rest, count) = (number / 10, 1)
        while rest > 0 { (rest, count) = (rest / 10, count + 1) }
        return count
    }

    /// The value of at most 18 decimal digits; nil when any other byte is among them.
    package static func parse(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard ASCII.isDigit(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }

    /// The value of at most 18 decimal digits at `range` of `text`; nil when any other byte is among them.
    static func parse(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int64? {
        var value: Int64 = 0
        for index in range {
            guard ASCII.isDigit(text[index]) else { return nil }
            value = value * 10 + Int64(text[index] - 0x30)
        }
        return value
    }

    /// `number` in at least `width` digits, with leading zeros.
    package static func padded(_ number: Int, _ width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
