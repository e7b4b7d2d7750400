/// Base64 (RFC 4648): the standard alphabet with padding, and the URL-safe alphabet without.
///
/// Decoding is strict: each value has exactly one text.
package enum Base64 {
    /// The standard alphabet with padding (RFC 4648 §4), as AWS writes binary secrets.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: encode(bytes, standard, isPadded: true), as: UTF8.self)
    }

    /// Decodes the standard alphabet (RFC 4648 §4). Nil if the text is not canonical or not padded.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let text = Array(text.utf8)
        guard text.count % 4 == 0 else { return nil }
        let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        return decode(text.dropLast(padding), UInt8(ascii: "+"), UInt8(ascii: "/"))
    }

    /// The URL-safe alphabet without padding (RFC 4648 §5), as JWS uses it (RFC 7515 §2).
    package static func encodeURL(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: encode(bytes, urlSafe, isPadded: false), as: UTF8.self)
    }

    /// Decodes the URL-safe alphabet (RFC 4648 §5). Nil if the text is not canonical or is padded.
    package static func decodeURL(_ text: some StringProtocol) -> [UInt8]? {
        decode(Array(text.utf8)[...], UInt8(ascii: "-"), UInt8(ascii: "_"))
    }

    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    private static let standard = Array("\(letters)+/".utf8)
    private static let urlSafe = Array("\(letters)-_".utf8)

    private static func encode(_ bytes: some Collection<UInt8>, _ alphabet: [UInt8], isPadded: Bool) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var (bits, count): (UInt32, Int) = (0, 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> UInt32(count) & 63)])
            }
            bits &= 1 << UInt32(count) &- 1
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(6 - count) & 63)]) }
        if isPadded { while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) } }
        return text
    }

    /// Decodes unpadded text. Nil for a character outside the alphabet, for a length that no value has, and for unused
    /// bits that are not zero (RFC 4648 §3.5).
    private static func decode(_ text: ArraySlice<UInt8>, _ sign62: UInt8, _ sign63: UInt8) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 2)
        var (bits, count): (UInt32, Int) = (0, 0)
        for character in text {
            let value: UInt8
            switch character {
            case 0x41...0x5A: value = character - 0x41
            case 0x61...0x7A: value = character - 0x61 + 26
            case 0x30...0x39: value = character - 0x30 + 52
            case sign62: value = 62
            case sign63: value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
                bits &= 1 << UInt32(count) &- 1
            }
        }
        return bits == 0 ? bytes : nil
    }
}
