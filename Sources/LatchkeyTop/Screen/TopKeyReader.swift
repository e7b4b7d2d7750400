/// Reads keys from the bytes of a terminal. A sequence may come in parts.
package struct TopKeyReader: Sendable {
    /// Bytes of an unfinished escape sequence that are kept.
    private static let maxSequence = 16

    /// The bytes of an escape sequence that has not ended, with its escape; empty outside of one.
    private var sequence: [UInt8] = []

    package init() {}

    /// The keys that end with these bytes. What is no known key is ignored.
    package mutating func keys(_ bytes: some Sequence<UInt8>) -> [TopKey] { bytes.compactMap { key($0) } }

    private mutating func key(_ byte: UInt8) -> TopKey? {
        if byte == 0x1B {
            sequence = [byte]
            return nil
        }
        guard !sequence.isEmpty else { return Self.plain(byte) }
        sequence.append(byte)
        // The second byte is the kind of the sequence; one of a control sequence ends with a byte of 0x40 to 0x7E
        // (ECMA-48 §5.4).
        if sequence.count == 2 {
            if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") { return nil }
            sequence = []
            return Self.plain(byte)
        }
        guard (0x40...0x7E).contains(byte) || sequence.count > Self.maxSequence else { return nil }
        defer { sequence = [] }
        switch byte {
        case UInt8(ascii: "A"): return .up
        case UInt8(ascii: "B"): return .down
        case UInt8(ascii: "C"): return .right
        case UInt8(ascii: "D"): return .left
        case UInt8(ascii: "Z"): return .backTab
        default: return nil
        }
    }

    private static func plain(_ byte: UInt8) -> TopKey? {
        switch byte {
        case 0x03: .interrupt
        case 0x1A: .suspend
        case 0x09: .tab
        case 0x20...0x7E: .character(Character(Unicode.Scalar(byte)))
        default: nil
        }
    }
}
