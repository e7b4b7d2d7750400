/// An ordered list of header fields. Names compare without case (RFC 9110 §5.1); repeated fields are kept.
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

    /// Adds a line and keeps earlier lines of the same name.
    package mutating func append(_ name: String, _ value: String) {
        lines.append(Field(name: name, value: value))
    }

    /// The value of the first line of that name. Setting it replaces all lines of that name; nil removes them.
    package subscript(name: String) -> String? {
        get { lines.first { Self.namesMatch($0.name, name) }?.value }
        set {
            lines.removeAll { Self.namesMatch($0.name, name) }
            if let newValue { append(name, newValue) }
        }
    }

    /// The values of all lines of that name, in order.
    package func values(_ name: String) -> [String] {
        lines.filter { Self.namesMatch($0.name, name) }.map(\.value)
    }

    /// Whether two field names are equal without regard to ASCII case (RFC 9110 §5.1).
    package static func namesMatch(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count
            && zip(left.utf8, right.utf8).allSatisfy { Grammar.lowercased($0) == Grammar.lowercased($1) }
    }
}
