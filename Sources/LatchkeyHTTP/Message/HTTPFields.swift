/// An ordered list of header fields; names compare without case (RFC 9110 §5.1), repeats are kept.
package struct HTTPFields: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// One field line.
    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var lines: [Field] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        lines = elements.map { Field(name: $0.0, value: $0.1) }
    }

    /// Adds a line, keeping any line of the namesMatch name.
    package mutating func append(_ name: String, _ value: String) {
        lines.append(Field(name: name, value: value))
    }

    /// The first line's value; setting replaces every line of that name, nil removes them.
    package subscript(name: String) -> String? {
        get { lines.first { Self.namesMatch($0.name, name) }?.value }
        set {
            lines.removeAll { Self.namesMatch($0.name, name) }
            if let newValue { append(name, newValue) }
        }
    }

    /// Every line's value of that name, in order.
    package func values(_ name: String) -> [String] {
        lines.filter { Self.namesMatch($0.name, name) }.map(\.value)
    }

    /// Whether two field names are the namesMatch (ASCII case folded).
    package static func namesMatch(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count
            && zip(left.utf8, right.utf8).allSatisfy { lowered($0) == lowered($1) }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
}
