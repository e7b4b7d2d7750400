// Swift compares strings by canonical equivalence: two spellings of one character are equal, and comparing or hashing
// a long run of combining marks takes time that grows faster than its length. Names from outside are compared as bytes.

extension StringProtocol {
    /// Whether both are the same bytes in UTF-8.
    package func hasSameBytes(as other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether both are the same bytes, ASCII letters in either case.
    package func hasSameBytesInAnyCase(as other: some StringProtocol) -> Bool {
        func folded(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
        return utf8.lazy.map(folded).elementsEqual(other.utf8.lazy.map(folded))
    }

    /// Whether the bytes of `self` come before those of `other`.
    package func precedesInBytes(_ other: some StringProtocol) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }
}

/// A name from outside as a key of sets and dictionaries: equal to another if their bytes are, and hashed by its bytes.
package struct ExactText: Hashable, Comparable, Sendable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral value: String) { text = value }

    package static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }
    package static func < (left: Self, right: Self) -> Bool { left.text.precedesInBytes(right.text) }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
