/// The Secrets Manager secrets that stay there while the backend is Parameter Store, as the parameter
/// `<prefix>/latchkey/kept` lists them: their names, separated by commas (<doc:ParameterLayout>).
package struct KeptList: Hashable, Sendable {
    /// The text of an empty list, because a parameter cannot be empty.
    package static let placeholder = "placeholder"
    /// The most bytes that the text may have: the value of an Advanced parameter.
    package static let maxBytes = ParameterTier.advanced.maxValueBytes

    /// Each name once, in the order of the bytes.
    package let names: [String]

    package init(names: some Sequence<String>) {
        self.names = Set(names.map { ExactText($0) }).map(\.text).sorted { $0.precedesInBytes($1) }
    }

    /// Reads the parameter's text. White space around a name and empty entries are ignored.
    ///
    /// - Returns: nil if the text has no entry or is longer than ``maxBytes``.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.maxBytes else { return nil }
        let entries = text.utf8.split(separator: UInt8(ascii: ",")).map { Self.trimmed($0) }.filter { !$0.isEmpty }
        guard !entries.isEmpty else { return nil }
        let isEmpty = entries.count == 1 && entries[0].hasSameBytes(as: Self.placeholder)
        self.init(names: isEmpty ? [] : entries)
    }

    /// The parameter's text.
    package var text: String { names.isEmpty ? Self.placeholder : names.joined(separator: ",") }

    private static func trimmed(_ entry: Substring.UTF8View) -> String {
        let start = entry.drop(while: ASCII.isWhiteSpace)
        let end = start.lastIndex { !ASCII.isWhiteSpace($0) }.map { start.index(after: $0) } ?? start.startIndex
        return String(decoding: start[..<end], as: UTF8.self)
    }
}
