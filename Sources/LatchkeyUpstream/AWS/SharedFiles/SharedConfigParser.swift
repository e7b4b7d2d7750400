internal import LatchkeyCore

/// Parses the text of a shared config or credentials file. Pure, and linear in the bytes.
///
/// Lines are joined as Python's `configparser` does it for botocore: a line that is indented deeper than the setting
/// above continues its value, and blank lines and comments in between do not end it. An empty value followed by deeper
/// lines is a nested block. A setting is split at its first equals sign, by the SDKs' common rule (AWS SDKs and Tools
/// Reference Guide, "Shared config and credentials files"). A line that either of the two refuses, or that they read as
/// different settings, is refused.
package struct SharedConfigParser {
    /// The longest file that is read, in bytes.
    package static let maxBytes = 1 << 20
    /// The end of a message about a longer file.
    static let tooLong = "longer than \(maxBytes >> 20) MiB"

    /// A setting whose lines are being collected.
    private struct Pending {
        let name: String
        let line: Int
        let first: ArraySlice<UInt8>
        var deeper: [(number: Int, content: ArraySlice<UInt8>)] = []
    }

    private var sections: [SharedConfigSection] = []
    /// The index in `sections` by header.
    private var indices: [[UInt8]: Int] = [:]
    private var current: Int?
    private var pending: Pending?
    /// The indent of the last line that did not continue a value.
    private var indent = 0

    private init() {}

    /// - Returns: the sections in the order of the file.
    package static func parse(_ bytes: [UInt8]) throws(SharedConfigSyntaxError) -> [SharedConfigSection] {
        guard bytes.count <= maxBytes else { throw SharedConfigSyntaxError(line: 1, reason: tooLong) }
        var lines = try SharedConfigLines(bytes)
        var parser = SharedConfigParser()
        while let line = try lines.next() { try parser.take(line) }
        try parser.finishSetting()
        return parser.sections
    }

    private mutating func take(_ line: SharedConfigLines.Line) throws(SharedConfigSyntaxError) {
        if line.isComment { return }
        let isDeeper = pending != nil && line.indent > indent
        if line.isBlank || isDeeper {
            // All SDKs read this as part of the value. Its author meant a section, and the settings below would be
            // added to the section above.
            guard line.content.first != UInt8(ascii: "[") else {
                throw SharedConfigSyntaxError(
                    line: line.number,
                    reason: "a section's name is deeper than the setting before it: remove the indent")
            }
            pending?.deeper.append((line.number, line.content))
            return
        }
        try finishSetting()
        indent = line.indent
        if line.content.first == UInt8(ascii: "[") {
            try beginSection(line)
        } else {
            try beginSetting(line)
        }
    }

    // MARK: Sections

    private mutating func beginSection(_ line: SharedConfigLines.Line) throws(SharedConfigSyntaxError) {
        guard let end = line.content.firstIndex(of: UInt8(ascii: "]")) else {
            throw SharedConfigSyntaxError(line: line.number, reason: "a section's name must end with ]")
        }
        let header = line.content[..<end].dropFirst()
        guard !header.isEmpty else {
            throw SharedConfigSyntaxError(line: line.number, reason: "a section without a name")
        }
        let trailing = ASCII.trimmingBlanks(line.content[end...].dropFirst())
        guard trailing.isEmpty || trailing.first == UInt8(ascii: "#") || trailing.first == UInt8(ascii: ";") else {
            throw SharedConfigSyntaxError(
                line: line.number, reason: "only a comment may follow the ] of a section's name")
        }
        // botocore ends the name at the last bracket of the line, and so reads no profile here.
        guard !trailing.contains(UInt8(ascii: "]")) else {
            throw SharedConfigSyntaxError(
                line: line.number, reason: "a ] in the comment after a section's name: remove it")
        }
        let key = Array(header)
        if let known = indices[key] {
            current = known
            return
        }
        indices[key] = sections.count
        current = sections.count
        sections.append(
            SharedConfigSection(header: String(decoding: header, as: UTF8.self), line: line.number))
    }

    // MARK: Settings

    private mutating func beginSetting(_ line: SharedConfigLines.Line) throws(SharedConfigSyntaxError) {
        guard current != nil else {
            throw SharedConfigSyntaxError(line: line.number, reason: "a setting before the first section")
        }
        // botocore also separates at a colon before the equals sign, and the other SDKs do not.
        let separator = line.content.firstIndex { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }
        guard let separator, line.content[separator] == UInt8(ascii: "=") else {
            throw SharedConfigSyntaxError(
                line: line.number, reason: "a setting needs an equals sign after its name: NAME = VALUE")
        }
        let name = ASCII.trimmingBlanks(line.content[..<separator])
        guard !name.isEmpty else {
            throw SharedConfigSyntaxError(line: line.number, reason: "a setting without a name")
        }
        guard name.allSatisfy({ $0 < 0x80 }) else {
            throw SharedConfigSyntaxError(line: line.number, reason: "a setting's name must be ASCII")
        }
        pending = Pending(
            name: String(decoding: name, as: UTF8.self).lowercased(), line: line.number,
            first: line.content[separator...].dropFirst())
    }

    /// Stores the setting whose lines were being collected.
    private mutating func finishSetting() throws(SharedConfigSyntaxError) {
        guard let property = pending, let current else { return }
        pending = nil
        let last = property.deeper.lastIndex { !$0.content.isEmpty }
        let deeper = property.deeper.prefix(last.map { $0 + 1 } ?? 0)
        let plain = Self.withoutComment(property.first)
        let value: SharedConfigProperty.Value
        if plain.isEmpty, !deeper.isEmpty {
            var nested: [SharedConfigProperty.Nested] = []
            for line in deeper where !line.content.isEmpty {
                nested.append(try Self.nested(line.content, line.number))
            }
            value = .block(nested)
        } else {
            let rest = deeper.map(\.content)
            value = .text(
                plain: Self.joined(plain, rest), whole: Self.joined(ASCII.trimmingBlanks(property.first), rest))
        }
        if let earlier = sections[current].properties[property.name], earlier.value != value {
            sections[current].replacements[property.name] = property.line
        }
        sections[current].properties[property.name] = SharedConfigProperty(line: property.line, value: value)
    }

    private static func joined(_ first: ArraySlice<UInt8>, _ rest: [ArraySlice<UInt8>]) -> String {
        var bytes = Array(first)
        for line in rest {
            bytes.append(UInt8(ascii: "\n"))
            bytes += line
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func nested(
        _ content: ArraySlice<UInt8>, _ number: Int
    ) throws(SharedConfigSyntaxError) -> SharedConfigProperty.Nested {
        guard let separator = content.firstIndex(of: UInt8(ascii: "=")) else {
            throw SharedConfigSyntaxError(
                line: number, reason: "a setting of a nested block needs an equals sign after its name: NAME = VALUE")
        }
        let name = ASCII.trimmingBlanks(content[..<separator])
        guard !name.isEmpty else {
            throw SharedConfigSyntaxError(line: number, reason: "a setting of a nested block without a name")
        }
        let value = ASCII.trimmingBlanks(content[separator...].dropFirst())
        return SharedConfigProperty.Nested(
            name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self))
    }

    /// The value without the comment that begins with white space and `#` or `;`, and without white space at its ends.
    private static func withoutComment(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var isAfterBlank = false
        for index in value.indices {
            let byte = value[index]
            if isAfterBlank, byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";") {
                return ASCII.trimmingBlanks(value[..<index])
            }
            isAfterBlank = ASCII.isBlank(byte)
        }
        return ASCII.trimmingBlanks(value)
    }
}
