/// A JSON text that was read: its bytes, and the range of each value in them. The only reader of JSON.
///
/// Nothing is converted before it is needed. Numbers and strings stay as they are written, and a value that cannot be
/// represented (`1e400` as a double, an unpaired surrogate as text) does not affect other values. A document takes the
/// memory of its text and 16 bytes for each value and name. Copies share it.
package struct JSONDocument: Sendable {
    /// The text as it was given.
    package let bytes: [UInt8]
    let nodes: [JSONNode]

    /// Reads a whole text.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8. A byte order mark at the start is skipped; offsets count it.
    ///   - limits: depth, number of values, and the meaning of duplicate names.
    /// - Throws: the first error, with its offset.
    package init(_ bytes: some Collection<UInt8>, limits: JSONLimits) throws(JSONError) {
        let bytes = Array(bytes)
        var reader = JSONReader(bytes, limits)
        try reader.read()
        self.bytes = bytes
        nodes = reader.nodes
        if limits.duplicateNames == .refused, let name = firstDuplicateName {
            throw JSONError(.duplicateName, at: name)
        }
    }

    /// The outermost value.
    package var root: JSONValue { JSONValue(document: self, index: 0) }

    /// The offset of the first member name that occurred before in the same object, at any level; nil if there is none.
    package var firstDuplicateName: Int? {
        var first: Int?
        for (index, node) in nodes.enumerated() where node.kind == .object {
            if let found = duplicate(in: index), found < first ?? .max { first = found }
        }
        return first
    }

    private func duplicate(in object: Int) -> Int? {
        let end = Int(nodes[object].next)
        // No set is made for an object with fewer than two members. A crafted text may have very many of them.
        guard object + 1 < end, Int(nodes[object + 2].next) < end else { return nil }
        var seen: Set<[UInt8]> = []
        var name = object + 1
        while name < end {
            guard seen.insert(text(name)).inserted else { return Int(nodes[name].start) }
            name = Int(nodes[name + 1].next)
        }
        return nil
    }

    /// The bytes of a string or name, with its escapes resolved.
    func text(_ index: Int) -> [UInt8] {
        let node = nodes[index]
        let inner = (Int(node.start) + 1)..<(Int(node.end) - 1)
        return node.hasEscapes ? JSONEscape.resolve(bytes, inner) : Array(bytes[inner])
    }

    /// Whether a name has exactly these bytes.
    func name(_ index: Int, is wanted: some Collection<UInt8>) -> Bool {
        let node = nodes[index]
        if node.hasEscapes { return text(index).elementsEqual(wanted) }
        return node.range.count == wanted.count + 2 && bytes[node.range].dropFirst().dropLast().elementsEqual(wanted)
    }
}
