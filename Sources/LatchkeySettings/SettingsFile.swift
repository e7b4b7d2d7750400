/// The text of a settings file: `NAME=value` lines. Pure, and linear in the text.
///
/// A line is read where systemd (systemd.exec(5), `EnvironmentFile=`) and the readers of dotenv files agree on it. A line
/// that they read as different values is refused: none of them may be chosen in silence for a password. CR, LF and CR LF
/// end a line. A line that begins with `#` or `;` is a comment, and so is what begins with `#` behind a quoted value.
package struct SettingsFile: Sendable {
    /// One setting, as the file has it.
    package struct Assignment: Hashable, Sendable {
        package let name: String
        package let value: String
        /// Counted from 1.
        package let line: Int
    }

    /// In the order of the file. Of several with one name the last counts.
    package private(set) var assignments: [Assignment] = []
    /// The lines that cannot be used, in the order of the file.
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

    /// A value as it can be written behind an equals sign, in quotes where it needs them; nil for one that no line can hold.
    package static func written(_ value: String) -> String? { SettingsFileValue.written(value) }

    private static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for (place, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
            // The second half of CR LF ends no line of its own.
            let isPair = byte == UInt8(ascii: "\n") && place > 0 && bytes[place - 1] == UInt8(ascii: "\r")
            if !isPair { lines.append(bytes[start..<place]) }
            start = place + 1
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
                    reason: "not NAME=value: a name has letters, digits and underscores alone")
            }
            let value = try SettingsFileValue(Self.trimmed(content[content.index(after: equals)...]))
            assignments.append(Assignment(name: name, value: value.text, line: number))
        } catch {
            errors.append(SettingsFileError(line: number, reason: error.reason))
        }
    }

    private static func isInName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let rest = bytes.drop(while: SettingsFileValue.isBlank)
        guard let last = rest.lastIndex(where: { !SettingsFileValue.isBlank($0) }) else { return rest.prefix(0) }
        return rest[...last]
    }
}
