/// Classes of ASCII bytes. Every other byte, including each byte of a UTF-8 sequence, belongs to none.
///
/// The attributes let the compiler inline the functions in other modules, which it does not do for `package`
/// declarations otherwise.
@usableFromInline
package enum ASCII {
    /// `0` to `9`.
    @inlinable @inline(__always)
    package static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// `A` to `Z` and `a` to `z`.
    @inlinable @inline(__always)
    package static func isLetter(_ byte: UInt8) -> Bool {
        byte >= 0x41 && byte <= 0x5A || byte >= 0x61 && byte <= 0x7A
    }

    @inlinable @inline(__always)
    package static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

    /// A printing character other than the space, 0x21 to 0x7E (VCHAR, RFC 5234 appendix B.1).
    @inlinable @inline(__always)
    package static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

    /// A printing character, 0x20 to 0x7E.
    @inlinable @inline(__always)
    package static func isPrintable(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7F }

    /// Space or tab.
    @inlinable @inline(__always)
    package static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Space, tab, line feed, vertical tab, form feed or carriage return.
    @inlinable @inline(__always)
    package static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }

    /// `a` for `A`; every other byte unchanged.
    @inlinable @inline(__always)
    package static func lowercased(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    /// `A` for `a`; every other byte unchanged.
    @inlinable @inline(__always)
    package static func uppercased(_ byte: UInt8) -> UInt8 { byte >= 0x61 && byte <= 0x7A ? byte & 0xDF : byte }

    /// `bytes` without the spaces and tabs at both ends.
    package static func trimmingBlanks(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let content = bytes.drop(while: isBlank)
        guard let last = content.lastIndex(where: { !isBlank($0) }) else { return content.prefix(0) }
        return content[...last]
    }
}
