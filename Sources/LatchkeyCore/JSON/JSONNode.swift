/// One value or member name of a text, as the reader notes it: what it is and where it stands. 16 bytes.
///
/// Nodes stand in the order of the text. An object is followed by its names and values in turn, an array by its values.
struct JSONNode: Sendable {
    enum Kind: UInt8, Sendable {
        case null, no, yes, number, string, array, object, name
    }

    let kind: Kind
    /// A string or name with a backslash in it: its text has to be made, and is not simply the source.
    var hasEscapes = false
    /// A string or name that has no UTF-8 form.
    var isUnpaired = false
    /// Where the source begins, quotes and brackets included.
    let start: UInt32
    /// Behind the last byte of the source.
    var end: UInt32
    /// The index of the node that follows this one and everything inside it.
    var next: UInt32

    var range: Range<Int> { Int(start)..<Int(end) }
}
