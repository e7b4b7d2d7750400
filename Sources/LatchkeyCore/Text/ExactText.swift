/// A string that is compared, ordered and hashed by its bytes. For names from outside that are keys of sets and
/// dictionaries.
///
/// Swift's `String` compares by canonical equivalence: two spellings of one character are equal, and the time to
/// compare or hash a long run of combining marks grows faster than its length.
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
