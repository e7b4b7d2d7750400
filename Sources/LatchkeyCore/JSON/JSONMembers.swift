/// The members of an object in the order of the text, duplicates included.
package struct JSONMembers: Sequence, IteratorProtocol, Sendable {
    private let document: JSONDocument
    private var index: Int
    private let end: Int

    init(document: JSONDocument, index: Int, end: Int) {
        self.document = document
        self.index = index
        self.end = end
    }

    /// The next name, which may have no UTF-8 form, and its value.
    package mutating func next() -> (name: JSONValue, value: JSONValue)? {
        guard index < end else { return nil }
        defer { index = Int(document.nodes[index + 1].next) }
        return (JSONValue(document: document, index: index), JSONValue(document: document, index: index + 1))
    }
}
