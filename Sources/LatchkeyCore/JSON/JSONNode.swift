/// One value or member name that the reader found: its kind and its range in the text. 16 bytes.
///
/// Nodes are in the order of the text. An object is followed by its names and values in turn, an array by its values.
struct JSONNode: Sendable {
    enum Kind: UInt8, Sendable {
        case null, falseLiteral, trueLiteral, number, string, array, object, name
    }

    let kind: Kind
    /// A string or name with a backslash: its text differs from its source.
    var hasEscapes = false
    /// A string or name with an unpaired surrogate: it has no UTF-8 form.
    var isUnpaired = false
    /// The first byte of the source, quotes and brackets included.
    let start: UInt32
    /// The byte after the last one of the source.
    var end: UInt32
    /// The index of the node after this one and everything inside it.
    var next: UInt32

    var range: Range<Int> { Int(start)..<Int(end) }
}
