/// What stands behind the equals sign on a line of a settings file.
struct SettingsFileValue: Hashable, Sendable {
    /// A value that readers of such files read differently, or that is not whole.
    struct Malformed: Error, Hashable, Sendable {
        let reason: String
    }

    /// The value without its quotes.
    let text: String

    /// - Parameter written: UTF-8, without blanks at its ends.
    init(_ written: ArraySlice<UInt8>) throws(Malformed) {
        let bytes: [UInt8]
        switch written.first {
        case UInt8(ascii: "'"): bytes = try Self.single(written)
        case UInt8(ascii: "\""): bytes = try Self.double(written)
        default: bytes = try Self.bare(written)
        }
        text = String(decoding: bytes, as: UTF8.self)
        guard !text.unicodeScalars.contains(where: Self.isOdd) else {
            throw Malformed(reason: "a control character, or white space that is neither a blank nor a tab")
        }
        guard !Self.holdsVariable(bytes) else {
            throw Malformed(
                reason:
                    "${…} in a value, which dotenv readers replace and systemd does not: give the value as file:/path")
        }
    }

    // MARK: The three ways to write a value

    private static func bare(_ written: ArraySlice<UInt8>) throws(Malformed) -> [UInt8] {
        var isAfterBlank = true
        for byte in written {
            if byte == UInt8(ascii: "\\") {
                throw Malformed(
                    reason: "a backslash outside quotes, which systemd drops and dotenv readers keep: quote the value")
            }
            if isAfterBlank, byte == UInt8(ascii: "#") {
                throw Malformed(
                    reason: "a # that systemd reads as part of the value and dotenv readers as a comment: quote the "
                        + "value, or give the comment a line of its own")
            }
            isAfterBlank = isBlank(byte)
        }
        return Array(written)
    }

    private static func single(_ written: ArraySlice<UInt8>) throws(Malformed) -> [UInt8] {
        let inside = written.dropFirst()
        guard let end = inside.firstIndex(of: UInt8(ascii: "'")) else { throw notClosed }
        let value = inside[..<end]
        for place in value.indices where value[place] == UInt8(ascii: "\\") {
            let next = inside[place + 1]
            guard next != UInt8(ascii: "\\"), next != UInt8(ascii: "'") else {
                throw Malformed(
                    reason: "in single quotes, a backslash before another one or before a quote, which systemd and "
                        + "dotenv readers read differently: use double quotes, and write each backslash twice")
            }
        }
        try refuseText(behind: inside[end...])
        return Array(value)
    }

    private static func double(_ written: ArraySlice<UInt8>) throws(Malformed) -> [UInt8] {
        var value: [UInt8] = []
        var isEscaped = false
        for place in written.indices.dropFirst() {
            let byte = written[place]
            if isEscaped {
                if byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
                    guard !isEscape(byte) else { throw ambiguousEscape }
                    value.append(UInt8(ascii: "\\"))
                }
                value.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                guard value.last != UInt8(ascii: "\\") else { throw endsInBackslash }
                try refuseText(behind: written[place...])
                return value
            } else {
                value.append(byte)
            }
        }
        throw notClosed
    }

    /// Only a comment may follow a closing quote, and white space parts the two.
    private static func refuseText(behind quote: ArraySlice<UInt8>) throws(Malformed) {
        let rest = quote.dropFirst()
        guard let first = rest.first else { return }
        let content = rest.drop(while: isBlank)
        guard isBlank(first), content.first == UInt8(ascii: "#") else {
            throw Malformed(reason: "something behind the closing quote: only a blank and a comment may stand there")
        }
    }

    private static var notClosed: Malformed {
        Malformed(reason: "a quote that is not closed on the same line")
    }

    private static var endsInBackslash: Malformed {
        Malformed(
            reason:
                "a quoted value that ends in a backslash, behind which dotenv readers pass over the quote: give the "
                + "value as file:/path")
    }

    private static var ambiguousEscape: Malformed {
        Malformed(
            reason:
                "in double quotes, a backslash before a character that systemd and dotenv readers read differently: "
                + "use single quotes, or write the backslash twice")
    }

    // MARK: Characters

    static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// Whether a backslash before it, in double quotes, is dropped by systemd (`$` and `` ` ``) or makes another character
    /// for dotenv readers (the others).
    private static func isEscape(_ byte: UInt8) -> Bool { "$`'abfnrtv".utf8.contains(byte) }

    private static func isOdd(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x20...0x7E: false
        case 0xFEFF: true
        default: scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
        }
    }

    /// Whether `${` and, somewhere behind it, `}` stand in a value.
    private static func holdsVariable(_ bytes: [UInt8]) -> Bool {
        let last = bytes.lastIndex(of: UInt8(ascii: "}")) ?? 0
        return bytes.indices.dropLast().contains {
            $0 < last && bytes[$0] == UInt8(ascii: "$") && bytes[$0 + 1] == UInt8(ascii: "{")
        }
    }

    // MARK: Writing

    /// The value as it can be written behind an equals sign; nil for one that no line can hold.
    static func written(_ value: String) -> String? {
        let isPlain = value.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "_./:,@%+=-[]".utf8.contains(byte)
            }
        }
        let backslash = UInt8(ascii: "\\")
        let escaped = value.utf8.flatMap { $0 == backslash || $0 == UInt8(ascii: "\"") ? [backslash, $0] : [$0] }
        let ways = (isPlain ? [value] : []) + ["'\(value)'", "\"\(String(decoding: escaped, as: UTF8.self))\""]
        return ways.first { way in
            (try? SettingsFileValue(Array(way.utf8)[...]))?.text.utf8.elementsEqual(value.utf8) ?? false
        }
    }
}
