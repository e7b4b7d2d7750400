internal import LatchkeyCore

/// The `host [ ":" port ]` of `Host` fields and absolute targets (RFC 9110 §7.2, RFC 3986 §3.2.2 and §3.2.3).
enum Authority {
    /// Whether `bytes` are a host name, an IPv4 address or a bracketed IPv6 address, with an optional port.
    ///
    /// User information (RFC 9110 §4.2.4), zone identifiers, IPvFuture and ports of more than 5 digits are rejected. An
    /// empty host is valid: `Host` is empty when the target has no authority (RFC 9112 §3.2).
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        if bytes.first == UInt8(ascii: "[") {
            index = 1
            while index < bytes.count, isAddress(bytes[index]) { index += 1 }
            guard index > 3, index < bytes.count, bytes[index] == UInt8(ascii: "]") else { return false }
            index += 1
        } else {
            while index < bytes.count, isName(bytes[index]) {
                if bytes[index] == UInt8(ascii: "%"), !isEscape(at: index, of: bytes) { return false }
                index += 1
            }
        }
        if index == bytes.count { return true }
        guard bytes[index] == UInt8(ascii: ":"), bytes.count - index <= 6 else { return false }
        for place in (index + 1)..<bytes.count where !ASCII.isDigit(bytes[place]) { return false }
        return true
    }

    /// `host` as it stands in an authority: an IPv6 address in brackets (RFC 3986 §3.2.2).
    static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    /// A byte of an IPv6 address, including an IPv4 address at its end.
    private static func isAddress(_ byte: UInt8) -> Bool {
        Hex.value(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    // One bit for each of the 128 ASCII codes: unreserved characters, `%` and sub-delims without the comma.
    private static let nameLow: UInt64 = 0x2BFF_6FF2_0000_0000  // 0x00...0x3F
    private static let nameHigh: UInt64 = 0x47FF_FFFE_87FF_FFFE  // 0x40...0x7F

    /// A byte of a `reg-name` (RFC 3986 §3.2.2), without the comma: with it the value would look like a list.
    @inline(__always)
    private static func isName(_ byte: UInt8) -> Bool {
        if byte < 0x40 { return nameLow >> UInt64(byte) & 1 == 1 }
        return byte < 0x80 && nameHigh >> UInt64(byte & 0x3F) & 1 == 1
    }

    /// Whether `%` and two hexadecimal digits stand at `index` (RFC 3986 §2.1).
    private static func isEscape(at index: Int, of bytes: UnsafeRawBufferPointer) -> Bool {
        index + 2 < bytes.count && Hex.value(bytes[index + 1]) != nil && Hex.value(bytes[index + 2]) != nil
    }
}
