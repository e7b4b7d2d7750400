/// The secrets that stay in Secrets Manager while the backend is Parameter Store, as the parameter
/// `<prefix>/latchkey/kept` holds them: names of Secrets Manager, separated by commas.
package struct KeptList: Hashable, Sendable {
    /// The text of a list without a name, because a parameter cannot be empty.
    package static let placeholder = "placeholder"
    /// Bytes of the text at the most: what the Advanced tier holds (PutParameter, `Value`).
    package static let longest = 8192

    /// Each name once, sorted by its bytes.
    package let names: [String]

    package init(names: some Sequence<String>) {
        self.names = Set(names.map { ExactText($0) }).map(\.text).sorted { $0.precedesInBytes($1) }
    }

    /// Reads the parameter's text. White space around a name does not count, nor does an entry without a name.
    ///
    /// - Returns: nil for a text without any entry, and for one over ``longest``.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longest else { return nil }
        let entries = text.utf8.split(separator: UInt8(ascii: ",")).map { Self.trimmed($0) }.filter { !$0.isEmpty }
        guard !entries.isEmpty else { return nil }
        let isEmpty = entries.count == 1 && entries[0].hasSameBytes(as: Self.placeholder)
        self.init(names: isEmpty ? [] : entries)
    }

    /// The text to write.
    package var text: String { names.isEmpty ? Self.placeholder : names.joined(separator: ",") }

    private static func trimmed(_ entry: Substring.UTF8View) -> String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let rest = entry.drop(while: isBlank)
        let end = rest.lastIndex { !isBlank($0) }.map { rest.index(after: $0) } ?? rest.startIndex
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
