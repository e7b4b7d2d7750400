/// Encoding of the DER types (ITU-T X.690 §8 and §10) that envelopes and public keys use.
enum DER {
    static func sequence(_ parts: [UInt8]...) -> [UInt8] { element(0x30, parts.flatMap { $0 }) }

    static func set(_ parts: [UInt8]...) -> [UInt8] { element(0x31, parts.flatMap { $0 }) }

    static func octets(_ bytes: [UInt8]) -> [UInt8] { element(0x04, bytes) }

    static let null: [UInt8] = [0x05, 0x00]

    /// A non-negative INTEGER in the fewest bytes (X.690 §8.3).
    static func integer(_ number: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var remaining = number
        repeat {
            bytes.insert(UInt8(remaining & 0xFF), at: 0)
            remaining >>= 8
        } while remaining > 0
        if bytes[0] >= 0x80 { bytes.insert(0, at: 0) }
        return element(0x02, bytes)
    }

    /// A non-negative INTEGER given in big-endian bytes, in the fewest bytes.
    static func integer(bigEndian bytes: [UInt8]) -> [UInt8] {
        let digits = Array(bytes.drop { $0 == 0 })
        // Zero has one byte, and a first bit of 1 would mean a negative number.
        let isPadded = digits.first.map { $0 >= 0x80 } ?? true
        return element(0x02, (isPadded ? [0] : []) + digits)
    }

    /// A BIT STRING of whole bytes (X.690 §8.6).
    static func bits(_ bytes: [UInt8]) -> [UInt8] { element(0x03, [0] + bytes) }

    /// An OBJECT IDENTIFIER (X.690 §8.19).
    static func identifier(_ arcs: Int...) -> [UInt8] {
        var bytes: [UInt8] = []
        for arc in [arcs[0] * 40 + arcs[1]] + arcs.dropFirst(2) {
            var digits = [UInt8(arc & 0x7F)]
            var remaining = arc >> 7
            while remaining > 0 {
                digits.insert(UInt8(remaining & 0x7F) | 0x80, at: 0)
                remaining >>= 7
            }
            bytes += digits
        }
        return element(0x06, bytes)
    }

    /// `[number]` as an explicit tag around `content`, or as the implicit tag of a constructed type.
    static func tagged(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { element(0xA0 | number, content) }

    /// `[number] IMPLICIT OCTET STRING`.
    static func taggedOctets(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { element(0x80 | number, bytes) }

    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        if content.count < 0x80 {
            length = [UInt8(content.count)]
        } else {
            var remaining = content.count
            while remaining > 0 {
                length.insert(UInt8(remaining & 0xFF), at: 0)
                remaining >>= 8
            }
            length.insert(0x80 | UInt8(length.count), at: 0)
        }
        return [tag] + length + content
    }
}
