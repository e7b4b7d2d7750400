/// The value of a line in a settings file: the text after the equals sign.
struct SettingsFileValue: Hashable, Sendable {
    /// The value is incomplete, or systemd and dotenv readers disagree on it.
    struct Malformed: Error, Hashable, Sendable {
        let reason: String
    }

    /// The value without its quotes.
    let text: String

    /// - Parameter written: the text in UTF-8, without leading and trailing blanks.
    init(_ written: ArraySlice<UInt8>) throws(Malformed) {
        let bytes: [UInt8]
        switch written.first {
        case UInt8(ascii: "'"): bytes = try Self.single(written)
        case UInt8(ascii: "\""): bytes = try Self.double(written)
        default: bytes = try Self.bare(written)
        }
        text = String(decoding: bytes, as: UTF8.self)
        guard !text.unicodeScalars.contains(where: Self.isForbidden) else {
            throw Malformed(
                reason: "a control character, or white space other than a space or tab: give the value as file:/path")
        }
        guard !Self.holdsVariable(bytes) else {
            throw Malformed(
                reason:
                    "${…} in a value, which dotenv readers replace and systemd does not: give the value as file:/path")
        }
    }

    // MARK: Bare and quoted values

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
                        + "value, or put the comment on its own line")
            }
            isAfterBlank = isBlank(byte)
        }
        return Array(written)
    }

    private static func single(_ written: ArraySlice<UInt8>) throws(Malformed) -> [UInt8] {
        let inside = written.dropFirst()
        guard let end = inside.firstIndex(of: UInt8(ascii: "'")) else { throw notClosed }
        let value = inside[..<end]
        for index in value.indices where value[index] == UInt8(ascii: "\\") {
            let next = inside[index + 1]
            guard next != UInt8(ascii: "\\"), next != UInt8(ascii: "'") else {
                throw Malformed(
                    reason:
                        "in single quotes, a backslash before a backslash or a quote, which systemd and dotenv readers "
                        + "read differently: use double quotes, and write each backslash twice")
            }
        }
        try rejectText(after: inside[end...])
        return Array(value)
    }

    private static func double(_ written: ArraySlice<UInt8>) throws(Malformed) -> [UInt8] {
        var value: [UInt8] = []
        var isEscaped = false
        for index in written.indices.dropFirst() {
            let byte = written[index]
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
                try rejectText(after: written[index...])
                return value
            } else {
                value.append(byte)
            }
        }
        throw notClosed
    }

    /// After a closing quote, only blanks and a comment may follow.
    private static func rejectText(after quote: ArraySlice<UInt8>) throws(Malformed) {
        let tail = quote.dropFirst()
        guard let first = tail.first else { return }
        let content = tail.drop(while: isBlank)
        guard isBlank(first), content.first == UInt8(ascii: "#") else {
            throw Malformed(reason: "text after the closing quote: only a space and a comment may follow it")
        }
    }

    private static var notClosed: Malformed {
        Malformed(reason: "a quote that is not closed on the same line: close it, or give the value as file:/path")
    }

    private static var endsInBackslash: Malformed {
        Malformed(
            reason:
                "a quoted value that ends in a backslash, which makes dotenv readers skip the closing quote: give the "
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

    /// Whether systemd drops a backslash before this byte in double quotes (`$` and `` ` ``), or dotenv readers read the pair
    /// as another character (the others).
    private static func isEscape(_ byte: UInt8) -> Bool { "$`'abfnrtv".utf8.contains(byte) }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x20...0x7E: false
        case 0xFEFF: true
        default: scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
        }
    }

    /// Whether the value contains `${` and, later, `}`.
    private static func holdsVariable(_ bytes: [UInt8]) -> Bool {
        let last = bytes.lastIndex(of: UInt8(ascii: "}")) ?? 0
        return bytes.indices.dropLast().contains {
            $0 < last && bytes[$0] == UInt8(ascii: "$") && bytes[$0 + 1] == UInt8(ascii: "{")
        }
    }

    // MARK: Writing

    /// The value as it is written after the equals sign; nil if no line can hold it.
    static func written(_ value: String) -> String? {
        let isPlain = value.utf8.allSatisfy { $0.isASCIIAlphanumeric || "_./:,@%+=-[]".utf8.contains($0) }
        let backslash = UInt8(ascii: "\\")
        let escaped = value.utf8.flatMap { $0 == backslash || $0 == UInt8(ascii: "\"") ? [backslash, $0] : [$0] }
        let forms = (isPlain ? [value] : []) + ["'\(value)'", "\"\(String(decoding: escaped, as: UTF8.self))\""]
        return forms.first { form in
            (try? SettingsFileValue(Array(form.utf8)[...]))?.text.utf8.elementsEqual(value.utf8) ?? false
        }
    }
}
