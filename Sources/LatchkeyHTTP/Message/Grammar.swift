internal import Glibc

/// The character classes of RFC 9110 §5.6 and §5.5, and comparisons without case. No tables, no allocation.
package enum Grammar {
    // One bit for each of the 128 ASCII codes.
    private static let tokenLow: UInt64 = 0x03FF_6CFA_0000_0000  // 0x00...0x3F
    private static let tokenHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE  // 0x40...0x7F

    /// `tchar` (RFC 9110 §5.6.2).
    @inline(__always)
    package static func isToken(_ byte: UInt8) -> Bool {
        if byte < 0x40 { return tokenLow >> UInt64(byte) & 1 == 1 }
        return byte < 0x80 && tokenHigh >> UInt64(byte & 0x3F) & 1 == 1
    }

    /// What a field value may hold: visible characters, space, tab and obs-text (RFC 9110 §5.5).
    @inline(__always)
    package static func isFieldValue(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

    /// Whether all of `range` may stand in a field value. Looks at eight bytes at a time, as values are most of a head.
    @inline(__always)
    static func isFieldValue(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        while index + 8 <= range.upperBound {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
            // A byte under 0x20, or that was 0x7F, leaves its top bit set; so may a neighbour of one, hence the second look.
            let control = (word &- 0x2020_2020_2020_2020) & ~word | (delete &- 0x0101_0101_0101_0101) & ~delete
            if control & 0x8080_8080_8080_8080 != 0 {
                for offset in index..<(index + 8) where !isFieldValue(bytes[offset]) { return false }
            }
            index += 8
        }
        while index < range.upperBound {
            if !isFieldValue(bytes[index]) { return false }
            index += 1
        }
        return true
    }

    /// VCHAR without obs-text: the only bytes a request target may hold (RFC 9112 §3.2, RFC 3986 §2).
    @inline(__always)
    package static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

    @inline(__always)
    package static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// Whether `bytes` are `text` in either case. `text` is lower case.
    @inline(__always)
    package static func equals(_ bytes: UnsafeRawBufferPointer, folded text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        let start = text.utf8Start
        for index in 0..<bytes.count {
            let byte = bytes[index]
            let lowered = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            if lowered != start[index] { return false }
        }
        return true
    }

    /// Whether `bytes` are exactly `text`.
    @inline(__always)
    package static func equals(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount, let base = bytes.baseAddress else { return false }
        return memcmp(base, text.utf8Start, bytes.count) == 0
    }

    /// Where `byte` first stands in `range`, or nil.
    @inline(__always)
    static func find(_ byte: UInt8, in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        guard let base = bytes.baseAddress, !range.isEmpty,
            let found = memchr(base + range.lowerBound, Int32(byte), range.count)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// `range` of `bytes` without the spaces and tabs at its ends (OWS, RFC 9110 §5.6.3).
    static func trim(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int> {
        var from = range.lowerBound
        var to = range.upperBound
        while from < to, bytes[from] == 0x20 || bytes[from] == 0x09 { from += 1 }
        while to > from, bytes[to - 1] == 0x20 || bytes[to - 1] == 0x09 { to -= 1 }
        return from..<to
    }

    /// The number `bytes` write in plain decimal; nil for anything else, a sign or an overflow included
    /// (RFC 9110 §8.6: `1*DIGIT`).
    static func decimal(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard !bytes.isEmpty else { return nil }
        var value = 0
        for byte in bytes {
            guard isDigit(byte) else { return nil }
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = scaled.addingReportingOverflow(Int(byte - 0x30))
            if overflow || carried { return nil }
            value = sum
        }
        return value
    }

    /// Calls `body` with each member of a comma-separated list, trimmed, empty members left out (RFC 9110 §5.6.1).
    package static func forEachMember(of bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var from = 0
        while from <= bytes.count {
            let comma = bytes[from...].firstIndex(of: UInt8(ascii: ",")) ?? bytes.count
            let member = trim(bytes, from..<comma)
            if !member.isEmpty { body(UnsafeRawBufferPointer(rebasing: bytes[member])) }
            from = comma + 1
        }
    }
}
