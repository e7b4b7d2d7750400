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
        while let index = firstEscaped(text, from: start) {
            let byte = text[index]
            output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<index]))
            start = index + 1
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

    /// The index of the first byte that must be escaped; nil for none. Looks at eight bytes at a time.
    private static func firstEscaped(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let tops: UInt64 = 0x8080_8080_8080_8080
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while index + 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            // Each sets the top bit of a byte that is under 0x20, a quote or a backslash. A borrow can also set that of a byte
            // above, so the eight bytes are then looked at one by one.
            let control = (word &- 0x20 &* ones) & ~word
            let (quotes, slashes) = (word ^ UInt64(quote) &* ones, word ^ UInt64(backslash) &* ones)
            let found = control | (quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes
            if found & tops != 0, let first = (index..<(index + 8)).first(where: { isEscaped(text[$0]) }) {
                return first
            }
            index += 8
        }
        return (index..<text.count).first { isEscaped(text[$0]) }
    }

    private static func isEscaped(_ byte: UInt8) -> Bool { byte < 0x20 || byte == quote || byte == backslash }

    private static var quote: UInt8 { UInt8(ascii: "\"") }
    private static var backslash: UInt8 { UInt8(ascii: "\\") }
}
