/// Writes JSON on one line. The only writer of JSON.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Appends a value. Recurses as deep as the value, which a reader's limits or our own code bound.
    package mutating func write(_ value: JSON) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .integer(let value): bytes += "\(value)".utf8
        case .number(let value): bytes += value.text.utf8
        case .string(let value): write(string: value)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(value)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(string: member.key)
                bytes.append(UInt8(ascii: ":"))
                write(member.value)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Appends a string in quotes. Escapes only what RFC 8259 §7 requires.
    package mutating func write(string text: String) {
        var text = text
        text.withUTF8 { Self.append(string: UnsafeRawBufferPointer($0), to: &bytes) }
    }

    /// Appends a string in quotes to `output`, for text that is rendered without a String.
    ///
    /// - Parameter text: UTF-8.
    package static func append(string text: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        output.append(quote)
        var start = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            guard byte < 0x20 || byte == quote || byte == backslash else { continue }
            output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<(index - 1)]))
            start = index
            switch byte {
            case quote, backslash: output += [backslash, byte]
            case 0x08: output += "\\b".utf8
            case 0x09: output += "\\t".utf8
            case 0x0A: output += "\\n".utf8
            case 0x0C: output += "\\f".utf8
            case 0x0D: output += "\\r".utf8
            default: output += "\\u00\(Hex.encode([byte]))".utf8
            }
        }
        output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start...]))
        output.append(quote)
    }

    private static var quote: UInt8 { UInt8(ascii: "\"") }
    private static var backslash: UInt8 { UInt8(ascii: "\\") }
}
