/// Reads settings files like other programs, to compare with Latchkey's reader on files that it accepts. `EnvironmentFile=`
/// follows the states of systemd's reader; dotenv files follow the grammar of python-dotenv.
struct PlainSettingsReader {
    private let characters: [Unicode.Scalar]
    private var place = 0

    private init(_ text: String) { characters = Array(text.unicodeScalars) }

    private var next: Unicode.Scalar? { place < characters.count ? characters[place] : nil }

    private static func isLineEnd(_ scalar: Unicode.Scalar) -> Bool { scalar == "\n" || scalar == "\r" }
    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

    private mutating func take(while isWanted: (Unicode.Scalar) -> Bool) -> String {
        var text = String.UnicodeScalarView()
        while let scalar = next, isWanted(scalar) {
            text.append(scalar)
            place += 1
        }
        return String(text)
    }

    /// The lines of a text, without line ends.
    static func lines(of text: String) -> [String] {
        var reader = PlainSettingsReader(text)
        var lines: [String] = []
        while true {
            lines.append(reader.take { !isLineEnd($0) })
            guard let end = reader.next else { return lines }
            reader.place += 1
            if end == "\r", reader.next == "\n" { reader.place += 1 }
        }
    }

    private static func trimmedEnd(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        while let last = scalars.last, isBlank(last) { scalars.removeLast() }
        return String(String.UnicodeScalarView(scalars))
    }

    private static func withoutExport(_ name: String) -> String {
        guard name.hasPrefix("export ") else { return name }
        return String(name.dropFirst(7).drop { $0 == " " || $0 == "\t" })
    }

    /// Skips blank lines and comments. Returns false at the end of the text.
    private mutating func findLine() -> Bool {
        while true {
            _ = take { Self.isLineEnd($0) || Self.isBlank($0) }
            guard let first = next else { return false }
            guard first == "#" || first == ";" else { return true }
            _ = take { !Self.isLineEnd($0) }
        }
    }

    // MARK: systemd

    /// The values by name. The last of several lines with one name counts.
    static func systemd(_ text: String) -> [String: String] {
        var reader = PlainSettingsReader(text)
        var found: [String: String] = [:]
        while reader.findLine() {
            let name = trimmedEnd(reader.take { $0 != "=" && !isLineEnd($0) })
            guard reader.next == "=" else { continue }
            reader.place += 1
            found[withoutExport(name)] = reader.systemdValue()
        }
        return found
    }

    private mutating func systemdValue() -> String {
        var value = ""
        while true {
            _ = take { Self.isBlank($0) }
            switch next {
            case "'":
                place += 1
                value += take { $0 != "'" }
                place += 1
            case "\"":
                place += 1
                value += systemdQuoted()
                place += 1
            case .some(let scalar) where !Self.isLineEnd(scalar): return value + systemdBare()
            default: return value
            }
        }
    }

    private mutating func systemdQuoted() -> String {
        var value = ""
        while let scalar = next, scalar != "\"" {
            place += 1
            guard scalar == "\\" else {
                value.unicodeScalars.append(scalar)
                continue
            }
            guard let escaped = next else { return value }
            place += 1
            if "\"\\`$".unicodeScalars.contains(escaped) {
                value.unicodeScalars.append(escaped)
            } else if !Self.isLineEnd(escaped) {
                value.unicodeScalars.append(contentsOf: [scalar, escaped])
            }
        }
        return value
    }

    private mutating func systemdBare() -> String {
        var value = ""
        while let scalar = next, !Self.isLineEnd(scalar) {
            place += 1
            guard scalar == "\\" else {
                value.unicodeScalars.append(scalar)
                continue
            }
            guard let escaped = next else { break }
            place += 1
            if !Self.isLineEnd(escaped) { value.unicodeScalars.append(escaped) }
        }
        return Self.trimmedEnd(value)
    }

    // MARK: dotenv

    /// The values by name. The last of several lines with one name counts. Lines that begin with `;` are skipped: dotenv
    /// readers do not know such comments, but find no setting in them.
    static func dotenv(_ text: String) -> [String: String] {
        var reader = PlainSettingsReader(text)
        var found: [String: String] = [:]
        while reader.findLine() {
            var name = reader.take { $0 != "=" && $0 != "#" && !isLineEnd($0) && !isBlank($0) }
            _ = reader.take { isBlank($0) }
            if name == "export", reader.next != "=" {
                name = reader.take { $0 != "=" && $0 != "#" && !isLineEnd($0) && !isBlank($0) }
                _ = reader.take { isBlank($0) }
            }
            guard reader.next == "=" else {
                _ = reader.take { !isLineEnd($0) }
                continue
            }
            reader.place += 1
            _ = reader.take { isBlank($0) }
            let start = reader.place
            if let value = reader.dotenvValue() {
                found[name] = value
            } else {
                // python-dotenv logs a warning and continues with the next line.
                reader.place = start
                _ = reader.take { !isLineEnd($0) }
            }
        }
        return found
    }

    /// Returns nil for a line that the grammar does not allow.
    private mutating func dotenvValue() -> String? {
        guard let quote = next, quote == "'" || quote == "\"" else {
            return Self.expanded(dotenvBare())
        }
        // Like python-dotenv's regular expression, prefer the longest match: an escaped quote does not end the value.
        let end = quoteEnd(quote, passingEscaped: true) ?? quoteEnd(quote, passingEscaped: false)
        guard let end else { return nil }
        let inside = Array(characters[(place + 1)..<end])
        place = end + 1
        _ = take { Self.isBlank($0) }
        if next == "#" { _ = take { !Self.isLineEnd($0) } }
        if let next, !Self.isLineEnd(next) { return nil }
        return Self.expanded(Self.unescaped(inside, quote == "'" ? ["\\": "\\", "'": "'"] : Self.escapes))
    }

    private func quoteEnd(_ quote: Unicode.Scalar, passingEscaped: Bool) -> Int? {
        var place = place + 1
        while place < characters.count {
            if characters[place] == quote { return place }
            let isEscaped =
                passingEscaped && characters[place] == "\\" && place + 1 < characters.count
                && characters[place + 1] == quote
            place += isEscaped ? 2 : 1
        }
        return nil
    }

    private mutating func dotenvBare() -> String {
        let line = Array(take { !Self.isLineEnd($0) }.unicodeScalars)
        let comment = line.indices.dropFirst().first { line[$0] == "#" && Self.isBlank(line[$0 - 1]) }
        return Self.trimmedEnd(String(String.UnicodeScalarView(line[..<(comment ?? line.count)])))
    }

    private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
        "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t",
        "v": "\u{B}",
    ]

    private static func unescaped(_ text: [Unicode.Scalar], _ escapes: [Unicode.Scalar: Unicode.Scalar]) -> String {
        var value = String.UnicodeScalarView()
        var place = 0
        while place < text.count {
            if text[place] == "\\", place + 1 < text.count, let escaped = escapes[text[place + 1]] {
                value.append(escaped)
                place += 2
            } else {
                value.append(text[place])
                place += 1
            }
        }
        return String(value)
    }

    /// The value after variable expansion. A variable may expand to anything, so the result differs from every accepted value.
    private static func expanded(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        let hasVariable = scalars.indices.dropLast().contains { start in
            scalars[start] == "$" && scalars[start + 1] == "{" && scalars[(start + 2)...].contains("}")
        }
        return hasVariable ? text + "\u{0}" : text
    }
}
