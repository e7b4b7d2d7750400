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
        case .no, .yes: .bool
        case .number: .number
        case .string, .name: .string
        case .array: .array
        case .object: .object
        }
    }

    // MARK: Source

    /// Where it stands in the text, in bytes; quotes and brackets included.
    package var range: Range<Int> { node.range }

    /// Its text as it was written: the very bytes.
    package var source: ArraySlice<UInt8> { document.bytes[node.range] }

    // MARK: Scalars

    /// The text of a string; nil for every other kind, and for a string that has no UTF-8 form (``unpairedSurrogate``).
    package var string: String? {
        guard kind == .string, !node.isUnpaired else { return nil }
        guard !node.hasEscapes else { return String(decoding: document.text(index), as: UTF8.self) }
        return String(decoding: document.bytes[node.range].dropFirst().dropLast(), as: UTF8.self)
    }

    /// ``string`` as bytes, for secrets.
    package var stringBytes: [UInt8]? { kind == .string && !node.isUnpaired ? document.text(index) : nil }

    /// The offset of the first escape of a string that is half of a surrogate pair. Such a string has no UTF-8 form
    /// (RFC 8259 §8.2).
    package var unpairedSurrogate: Int? {
        node.isUnpaired ? JSONEscape.firstUnpaired(document.bytes, node.range.dropFirst().dropLast()) : nil
    }

    /// A number as it was written.
    package var number: JSONNumber? { kind == .number ? JSONNumber(unchecked: source) : nil }

    /// An integer within 64 bits, exactly; also one written as `3.0` or `1.7E9`.
    package var integer: Int64? { number?.integer }

    /// The nearest double; nil for a number past its range.
    package var double: Double? { number?.double }

    package var bool: Bool? {
        switch node.kind {
        case .yes: true
        case .no: false
        default: nil
        }
    }

    package var isNull: Bool { node.kind == .null }

    // MARK: Arrays and objects

    /// The values of an array in their order; nil for every other kind.
    package var elements: JSONElements? {
        kind == .array ? JSONElements(document: document, index: index + 1, end: Int(node.next)) : nil
    }

    /// The members of an object as they are written, duplicates included; nil for every other kind.
    package var members: JSONMembers? {
        kind == .object ? JSONMembers(document: document, index: index + 1, end: Int(node.next)) : nil
    }

    /// The last member of that name; nil where there is none, and for every kind but an object. Names are compared as
    /// bytes. Takes time linear in the number of members.
    package subscript(name: String) -> JSONValue? { member(name.utf8) }

    /// ``subscript(_:)`` by the bytes of the name.
    package func member(_ name: some Collection<UInt8>) -> JSONValue? {
        guard node.kind == .object else { return nil }
        var (found, at, end): (Int?, Int, Int) = (nil, index + 1, Int(node.next))
        while at < end {
            if document.name(at, is: name) { found = at + 1 }
            at = Int(document.nodes[at + 1].next)
        }
        return found.map { JSONValue(document: document, index: $0) }
    }

    /// An array's value at a place counted from 0; nil where there is none. Takes time linear in the place.
    package func element(_ place: Int) -> JSONValue? {
        guard place >= 0, let elements else { return nil }
        return elements.dropFirst(place).first { _ in true }
    }
}
