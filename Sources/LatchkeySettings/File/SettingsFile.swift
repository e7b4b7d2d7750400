/// The text of a settings file: `NAME=value` lines. Pure; takes time linear in the text.
///
/// A line is accepted if systemd (systemd.exec(5), `EnvironmentFile=`) and the readers of dotenv files read it as the same
/// value. Otherwise it is rejected, because a silent choice between two passwords would be worse. CR, LF and CR LF end a
/// line. A line that begins with `#` or `;` is a comment, and so is a `#` with the text that follows after a quoted value.
package struct SettingsFile: Sendable {
    /// One line of the file.
    package struct Assignment: Hashable, Sendable {
        package let name: String
        package let value: String
        /// Counted from 1.
        package let line: Int
    }

    /// In the order of the file. The last of several lines with one name counts.
    package private(set) var assignments: [Assignment] = []
    /// The rejected lines, in the order of the file.
    package private(set) var errors: [SettingsFileError] = []

    package init(_ text: String) {
        guard !text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) else {
            errors = [
                SettingsFileError(
                    line: 1, reason: "the file begins with a byte order mark: save it as UTF-8 without one")
            ]
            return
        }
        for (index, line) in Self.lines(of: Array(text.utf8)).enumerated() { take(line, number: index + 1) }
    }

    /// A value as it is written after the equals sign, in quotes if it needs them; nil if no line can hold it.
    package static func written(_ value: String) -> String? { SettingsFileValue.written(value) }

    private static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
            // CR LF ends one line, not two.
            let isPair = byte == UInt8(ascii: "\n") && index > 0 && bytes[index - 1] == UInt8(ascii: "\r")
            if !isPair { lines.append(bytes[start..<index]) }
            start = index + 1
        }
        return lines + [bytes[start...]]
    }

    private mutating func take(_ line: ArraySlice<UInt8>, number: Int) {
        var content = Self.trimmed(line)
        if content.isEmpty || content.first == UInt8(ascii: "#") || content.first == UInt8(ascii: ";") { return }
        if content.starts(with: "export ".utf8) { content = Self.trimmed(content.dropFirst(7)) }
        do throws(SettingsFileValue.Malformed) {
            guard let equals = content.firstIndex(of: UInt8(ascii: "=")) else {
                throw SettingsFileValue.Malformed(reason: "not NAME=value")
            }
            let name = String(decoding: Self.trimmed(content[..<equals]), as: UTF8.self)
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isInName) else {
                throw SettingsFileValue.Malformed(
                    reason: "not NAME=value: a name has only letters, digits and underscores")
            }
            let value = try SettingsFileValue(Self.trimmed(content[content.index(after: equals)...]))
            assignments.append(Assignment(name: name, value: value.text, line: number))
        } catch {
            errors.append(SettingsFileError(line: number, reason: error.reason))
        }
    }

    private static func isInName(_ byte: UInt8) -> Bool { byte.isASCIIAlphanumeric || byte == UInt8(ascii: "_") }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let content = bytes.drop(while: SettingsFileValue.isBlank)
        guard let last = content.lastIndex(where: { !SettingsFileValue.isBlank($0) }) else { return [] }
        return content[...last]
    }
}
