internal import LatchkeyCore

/// A 32-byte digest, stored inline.
package struct Digest: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// - Parameter fill: writes the 32 bytes.
    init(filling fill: (UnsafeMutablePointer<UInt8>) -> Void) {
        withUnsafeMutableBytes(of: &words) { buffer in
            guard let base = buffer.baseAddress else { return }
            fill(base.assumingMemoryBound(to: UInt8.self))
        }
    }

    /// The digest of 64 hexadecimal digits; nil for any other text.
    package init?(hex: String) {
        guard let bytes = Hex.decode(hex), bytes.count == 32 else { return nil }
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    }

    /// The digest of 64 lower-case hexadecimal digits; nil for any other bytes.
    package init?(lowerHex text: Slice<UnsafeRawBufferPointer>) {
        guard text.count == 64 else { return nil }
        let isLower = text.allSatisfy { ASCII.isDigit($0) || $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f") }
        guard isLower else { return nil }
        withUnsafeMutableBytes(of: &words) { bytes in
            var index = text.startIndex
            for position in 0..<32 {
                bytes[position] = (Hex.value(text[index]) ?? 0) << 4 | (Hex.value(text[index + 1]) ?? 0)
                index += 2
            }
        }
    }

    /// Calls `body` with the 32 bytes.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: words) { try body($0) }
    }

    package var bytes: [UInt8] { withBytes { [UInt8]($0) } }

    /// The first 8 bytes in the machine's order, to sort digests into groups.
    package var firstWord: UInt64 { words.0 }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { withBytes { Hex.encode($0) } }

    /// Whether the digests are equal. The time does not depend on where they differ.
    package func constantTimeEquals(_ other: Digest) -> Bool {
        (words.0 ^ other.words.0) | (words.1 ^ other.words.1) | (words.2 ^ other.words.2) | (words.3 ^ other.words.3)
            == 0
    }

    package static func == (left: Self, right: Self) -> Bool { left.constantTimeEquals(right) }

    package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
