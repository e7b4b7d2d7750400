/// One value of a ``JSONDocument``.
package struct JSONValue: Sendable {
    package enum Kind: Hashable, Sendable {
        case null, bool, number, string, array, object
    }

    private let document: JSONDocument
    private let index: Int

    init(document: JSONDocument, index: Int) {
        self.document = document
        self.index = index
    }

    private var node: JSONNode { document.nodes[index] }

    package var kind: Kind {
        switch node.kind {
        case .null: .null
        case .falseLiteral, .trueLiteral: .bool
        case .number: .number
        case .string, .name: .string
        case .array: .array
        case .object: .object
        }
    }

    // MARK: Source

    /// The value's bytes in the text, quotes and brackets included.
    package var range: Range<Int> { node.range }

    /// The value as it was written.
    package var source: ArraySlice<UInt8> { document.bytes[node.range] }

    // MARK: Scalars

    /// The text of a string; nil for another kind, and for a string that has no UTF-8 form (``unpairedSurrogate``).
    package var string: String? {
        guard kind == .string, !node.isUnpaired else { return nil }
        guard !node.hasEscapes else { return String(decoding: document.text(index), as: UTF8.self) }
        return String(decoding: document.bytes[node.range].dropFirst().dropLast(), as: UTF8.self)
    }

    /// ``string`` as bytes, for secrets.
    package var stringBytes: [UInt8]? { kind == .string && !node.isUnpaired ? document.text(index) : nil }

    /// The offset of the first unpaired surrogate in a string. Such a string has no UTF-8 form (RFC 8259 §8.2).
    package var unpairedSurrogate: Int? {
        node.isUnpaired ? JSONEscape.firstUnpaired(document.bytes, node.range.dropFirst().dropLast()) : nil
    }

    /// The number as it was written; nil for another kind.
    package var number: JSONNumber? { kind == .number ? JSONNumber(unchecked: source) : nil }

    /// The exact integer if it is within 64 bits, also if it is written as `3.0` or `1.7E9`.
    package var integer: Int64? { number?.integer }

    /// The nearest double; nil if it would be infinite.
    package var double: Double? { number?.double }

    package var bool: Bool? {
        switch node.kind {
        case .trueLiteral: true
        case .falseLiteral: false
        default: nil
        }
    }

    package var isNull: Bool { node.kind == .null }

    // MARK: Arrays and objects

    /// The values of an array in order; nil for another kind.
    package var elements: JSONElements? {
        kind == .array ? JSONElements(document: document, index: index + 1, end: Int(node.next)) : nil
    }

    /// The members of an object in the order of the text, duplicates included; nil for another kind.
    package var members: JSONMembers? {
        kind == .object ? JSONMembers(document: document, index: index + 1, end: Int(node.next)) : nil
    }

    /// The value of the last member with this name; nil if there is none or the value is not an object. Names are
    /// compared as bytes. Takes time linear in the number of members.
    package subscript(name: String) -> JSONValue? { member(name.utf8) }

    /// ``subscript(_:)`` with the bytes of the name.
    package func member(_ name: some Collection<UInt8>) -> JSONValue? {
        guard node.kind == .object else { return nil }
        var (found, at, end): (Int?, Int, Int) = (nil, index + 1, Int(node.next))
        while at < end {
            if document.name(at, is: name) { found = at + 1 }
            at = Int(document.nodes[at + 1].next)
        }
        return found.map { JSONValue(document: document, index: $0) }
    }

    /// The array's value at a position counted from 0; nil if there is none. Takes time linear in the position.
    package func element(_ position: Int) -> JSONValue? {
        guard position >= 0, let elements else { return nil }
        return elements.dropFirst(position).first { _ in true }
    }
}
