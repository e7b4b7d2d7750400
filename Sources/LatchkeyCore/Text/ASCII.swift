/// Classes of ASCII bytes. Every other byte, including each byte of a UTF-8 sequence, belongs to none.
package enum ASCII {
    /// `0` to `9`.
    @inline(__always)
    package static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// `A` to `Z` and `a` to `z`.
    @inline(__always)
    package static func isLetter(_ byte: UInt8) -> Bool {
        byte >= 0x41 && byte <= 0x5A || byte >= 0x61 && byte <= 0x7A
    }

    @inline(__always)
    package static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

    /// A printing character other than the space, 0x21 to 0x7E (VCHAR, RFC 5234 appendix B.1).
    @inline(__always)
    package static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

    /// Space, tab, line feed, vertical tab, form feed or carriage return.
    @inline(__always)
    package static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }

    /// `a` for `A`; every other byte unchanged.
    @inline(__always)
    package static func lowercased(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }
}
