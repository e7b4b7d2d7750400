/// The escapes of JSON strings (RFC 8259 §7).
enum JSONEscape {
    /// The byte for a backslash and `letter`; nil if there is no such escape. `u` is handled separately.
    static func byte(for letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// The UTF-16 code unit of four hexadecimal digits. Another byte counts as 0.
    static func unit(_ bytes: [UInt8], at start: Int) -> UInt32 {
        bytes[start..<min(start + 4, bytes.count)].reduce(0) { $0 << 4 | UInt32(Hex.value($1) ?? 0) }
    }

    static func isHighSurrogate(_ unit: UInt32) -> Bool { (0xD800...0xDBFF).contains(unit) }
    static func isLowSurrogate(_ unit: UInt32) -> Bool { (0xDC00...0xDFFF).contains(unit) }
    static func isSurrogate(_ unit: UInt32) -> Bool { (0xD800...0xDFFF).contains(unit) }

    /// The text between the quotes of a string that ``JSONReader`` has accepted, with its escapes resolved.
    ///
    /// An unpaired surrogate has no UTF-8 form. It becomes the three bytes that UTF-8 would have for it, so that names
    /// can still be compared. Valid UTF-8 never has these bytes.
    static func resolve(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let byte = bytes[position]
            position += 1
            guard byte == UInt8(ascii: "\\"), position < range.upperBound else {
                text.append(byte)
                continue
            }
            let letter = bytes[position]
            position += 1
            guard letter == UInt8(ascii: "u") else {
                text.append(Self.byte(for: letter) ?? letter)
                continue
            }
            var code = unit(bytes, at: position)
            position += 4
            if isHighSurrogate(code), position + 6 <= range.upperBound, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            {
                let low = unit(bytes, at: position + 2)
                if isLowSurrogate(low) {
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                    position += 6
                }
            }
            append(code, to: &text)
        }
        return text
    }

    /// The position of the first escape of an unpaired surrogate; nil if there is none.
    static func firstUnpaired(_ bytes: [UInt8], _ range: Range<Int>) -> Int? {
        var position = range.lowerBound
        while position < range.upperBound {
            guard bytes[position] == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            guard position + 5 < range.upperBound, bytes[position + 1] == UInt8(ascii: "u") else {
                position += 2
                continue
            }
            let code = unit(bytes, at: position + 2)
            guard isSurrogate(code) else {
                position += 6
                continue
            }
            guard isHighSurrogate(code), position + 11 < range.upperBound, bytes[position + 6] == UInt8(ascii: "\\"),
                bytes[position + 7] == UInt8(ascii: "u"), isLowSurrogate(unit(bytes, at: position + 8))
            else { return position }
            position += 12
        }
        return nil
    }

    /// Appends the UTF-8 form of a code point.
    private static func append(_ code: UInt32, to text: inout [UInt8]) {
        func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: 0x80 | (code >> shift & 0x3F)) }
        switch code {
        case ..<0x80: text.append(UInt8(truncatingIfNeeded: code))
        case ..<0x800: text += [UInt8(truncatingIfNeeded: 0xC0 | code >> 6), tail(0)]
        case ..<0x10000: text += [UInt8(truncatingIfNeeded: 0xE0 | code >> 12), tail(6), tail(0)]
        default: text += [UInt8(truncatingIfNeeded: 0xF0 | code >> 18), tail(12), tail(6), tail(0)]
        }
    }
}
