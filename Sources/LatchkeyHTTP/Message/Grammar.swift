internal import Glibc

/// The character classes of RFC 9110 §5.5 and §5.6 and RFC 3986 §2.3, and ASCII comparisons without case.
///
/// Bit masks instead of lookup tables: nothing is allocated and no table has to be in the cache.
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

    /// A byte that a field value may contain: visible ASCII, space, tab and obs-text (RFC 9110 §5.5).
    @inline(__always)
    package static func isFieldValue(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

    /// Whether every byte of `range` may stand in a field value (RFC 9110 §5.5).
    ///
    /// Tests eight bytes at a time, because field values make up most of a request head.
    @inline(__always)
    static func isFieldValue(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        while index + 8 <= range.upperBound {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
            // A byte under 0x20 and a byte 0x7F set their top bit here. A borrow can also set the top bit of the byte
            // above, and the tab is allowed: so the eight bytes are tested one by one when any top bit is set.
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

    /// Visible ASCII (`VCHAR`), the only bytes that a request target may contain (RFC 9112 §3.2, RFC 3986 §2).
    @inline(__always)
    package static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

    /// `DIGIT` (RFC 5234 §B.1).
    @inline(__always)
    package static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// Space or tab, the bytes of optional white space (`OWS`, RFC 9110 §5.6.3).
    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// `unreserved` (RFC 3986 §2.3): letters, digits, `-`, `.`, `_` and `~`.
    @inline(__always)
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// An ASCII capital letter as a small one; any other byte unchanged.
    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    /// Whether `bytes` equal `text` without regard to ASCII case. `text` must be in lower case.
    @inline(__always)
    package static func equals(_ bytes: UnsafeRawBufferPointer, folded text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        let start = text.utf8Start
        for index in 0..<bytes.count where lowercased(bytes[index]) != start[index] { return false }
        return true
    }

    /// Whether `bytes` equal `text` exactly.
    @inline(__always)
    package static func equals(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount, let base = bytes.baseAddress else { return false }
        return memcmp(base, text.utf8Start, bytes.count) == 0
    }

    /// The index of the first `byte` in `range`, or nil.
    @inline(__always)
    static func find(_ byte: UInt8, in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        guard let base = bytes.baseAddress, !range.isEmpty,
            let found = memchr(base + range.lowerBound, Int32(byte), range.count)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// `range` without the spaces and tabs at both ends (OWS, RFC 9110 §5.6.3).
    static func trim(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int> {
        var from = range.lowerBound
        var to = range.upperBound
        while from < to, isBlank(bytes[from]) { from += 1 }
        while to > from, isBlank(bytes[to - 1]) { to -= 1 }
        return from..<to
    }

    /// The value of a plain decimal number (`1*DIGIT`, RFC 9110 §8.6); nil for anything else, including a sign and a
    /// number that overflows.
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

    /// Calls `body` with each member of a comma-separated list, trimmed. Empty members are skipped (RFC 9110 §5.6.1).
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
