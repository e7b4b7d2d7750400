/// One JSON text that has been read: its bytes, and where each value stands in them. The one reader of JSON.
///
/// Nothing is converted until it is asked for. Numbers stay text, strings stay as they are written, and a value that
/// cannot be represented (`1e400` as a number, half of a surrogate pair as text) harms no other value. The memory it
/// takes is the text's length and 16 bytes for each value and name. Copies share it.
package struct JSONDocument: Sendable {
    /// The text as it came.
    package let bytes: [UInt8]
    let nodes: [JSONNode]

    /// Reads a whole text.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8. A byte order mark at the start is passed over; offsets count it.
    ///   - limits: depth, count, and what duplicate names mean.
    /// - Throws: the first fault, with its offset.
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

    /// The offset of the first member name that its object has had before, at any level; nil where each name is unique.
    package var firstDuplicateName: Int? {
        var first: Int?
        for (index, node) in nodes.enumerated() where node.kind == .object {
            if let found = duplicate(in: index), found < first ?? .max { first = found }
        }
        return first
    }

    private func duplicate(in object: Int) -> Int? {
        let end = Int(nodes[object].next)
        // An empty object, or one with a single member, which is the usual case of a crafted text.
        guard object + 1 < end, Int(nodes[object + 2].next) < end else { return nil }
        var seen: Set<[UInt8]> = []
        var name = object + 1
        while name < end {
            guard seen.insert(text(name)).inserted else { return Int(nodes[name].start) }
            name = Int(nodes[name + 1].next)
        }
        return nil
    }

    /// The bytes that a string or name stands for, its escapes resolved.
    func text(_ index: Int) -> [UInt8] {
        let node = nodes[index]
        let inner = (Int(node.start) + 1)..<(Int(node.end) - 1)
        return node.hasEscapes ? JSONEscape.resolve(bytes, inner) : Array(bytes[inner])
    }

    /// Whether a name is exactly these bytes.
    func name(_ index: Int, is wanted: some Collection<UInt8>) -> Bool {
        let node = nodes[index]
        if node.hasEscapes { return text(index).elementsEqual(wanted) }
        return node.range.count == wanted.count + 2 && bytes[node.range].dropFirst().dropLast().elementsEqual(wanted)
    }
}
