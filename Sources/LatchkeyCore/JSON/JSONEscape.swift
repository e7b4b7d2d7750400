/// The escapes of JSON strings (RFC 8259 §7).
enum JSONEscape {
    /// The byte that a backslash and `letter` stand for; nil where there is no such escape. `u` is not one of these.
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

    /// The UTF-16 code unit of four hexadecimal digits; anything that is no digit counts as 0.
    static func unit(_ bytes: [UInt8], at start: Int) -> UInt32 {
        bytes[start..<min(start + 4, bytes.count)].reduce(0) { $0 << 4 | UInt32(Hex.value($1) ?? 0) }
    }

    /// The text between the quotes of a string that ``JSONReader`` has accepted, its escapes resolved.
    ///
    /// Half of a surrogate pair has no UTF-8 form. It becomes the three bytes that UTF-8 would have for it, so that names
    /// can still be compared; no text from elsewhere has those bytes.
    static func resolve(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var place = range.lowerBound
        while place < range.upperBound {
            let byte = bytes[place]
            place += 1
            guard byte == UInt8(ascii: "\\"), place < range.upperBound else {
                text.append(byte)
                continue
            }
            let letter = bytes[place]
            place += 1
            guard letter == UInt8(ascii: "u") else {
                text.append(Self.byte(for: letter) ?? letter)
                continue
            }
            var code = unit(bytes, at: place)
            place += 4
            if (0xD800...0xDBFF).contains(code), place + 6 <= range.upperBound, bytes[place] == UInt8(ascii: "\\"),
                bytes[place + 1] == UInt8(ascii: "u")
            {
                let low = unit(bytes, at: place + 2)
                if (0xDC00...0xDFFF).contains(low) {
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                    place += 6
                }
            }
            append(code, to: &text)
        }
        return text
    }

    /// The place of the first escape that is half of a surrogate pair; nil where there is none.
    static func firstUnpaired(_ bytes: [UInt8], _ range: Range<Int>) -> Int? {
        var place = range.lowerBound
        while place < range.upperBound {
            guard bytes[place] == UInt8(ascii: "\\") else {
                place += 1
                continue
            }
            guard place + 5 < range.upperBound, bytes[place + 1] == UInt8(ascii: "u") else {
                place += 2
                continue
            }
            let code = unit(bytes, at: place + 2)
            guard (0xD800...0xDFFF).contains(code) else {
                place += 6
                continue
            }
            guard code < 0xDC00, place + 11 < range.upperBound, bytes[place + 6] == UInt8(ascii: "\\"),
                bytes[place + 7] == UInt8(ascii: "u"), (0xDC00...0xDFFF).contains(unit(bytes, at: place + 8))
            else { return place }
            place += 12
        }
        return nil
    }

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
