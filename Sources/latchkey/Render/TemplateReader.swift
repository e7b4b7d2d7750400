internal import LatchkeyCore

/// Reads a template. Text between `{{` and `}}` is a placeholder:
///
///     placeholder = "{{" value [ "|" ( "json" / "base64" ) ] "}}"
///     value       = "secret" string [ string ] / "token" [ string ]
///     string      = DQUOTE *( character / "\" DQUOTE / "\\" ) DQUOTE
///
/// Spaces and tabs may stand between the words. A placeholder is on one line. All other text, of any bytes, stays as it
/// is.
struct TemplateReader {
    private let bytes: [UInt8]
    private let limits: RenderLimits
    private var position = 0
    /// The place of ``counted``, from where lines and columns are counted on.
    private var line = 1
    private var column = 1
    private var counted = 0

    init(_ bytes: [UInt8], limits: RenderLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func parts() throws(TemplateError) -> [Template.Part] {
        guard bytes.count <= limits.templateBytes else {
            throw error("the template is larger than \(limits.templateBytes) bytes", at: 0)
        }
        var parts: [Template.Part] = []
        var sources: Set<TemplateSource> = []
        var count = 0
        while position < bytes.count {
            let start = nextOpening()
            if start > position { parts.append(.text(Array(bytes[position..<start]))) }
            position = start
            guard position < bytes.count else { break }
            let placeholder = try placeholder()
            count += 1
            guard count <= limits.placeholders else {
                throw TemplateError("a template may have \(limits.placeholders) placeholders", at: placeholder.place)
            }
            guard sources.insert(placeholder.source).inserted == false || sources.count <= limits.sources else {
                throw TemplateError(
                    "a template may name \(limits.sources) different secrets and tokens", at: placeholder.place)
            }
            parts.append(.placeholder(placeholder))
        }
        return parts
    }

    /// The offset of the next `{{`, or of the end.
    private func nextOpening() -> Int {
        var offset = position
        while offset + 1 < bytes.count {
            if bytes[offset] == UInt8(ascii: "{"), bytes[offset + 1] == UInt8(ascii: "{") { return offset }
            offset += 1
        }
        return bytes.count
    }

    private mutating func placeholder() throws(TemplateError) -> TemplatePlaceholder {
        let place = place(at: position)
        position += 2
        skipBlanks()
        let start = position
        let source: TemplateSource
        var field: String?
        switch word() {
        case "secret":
            guard let key = try string() else { throw error("secret needs a name: {{ secret \"KEY\" }}") }
            guard !key.isEmpty else { throw error("the name of a secret is empty", at: start) }
            source = .secret(key)
            field = try string()
            if field?.isEmpty ?? false { throw error("the name of a field is empty", at: start) }
        case "token":
            let profile = try string() ?? "default"
            guard !profile.isEmpty else { throw error("the name of a profile is empty", at: start) }
            source = .token(profile)
        case let other: throw unknown(other, at: start)
        }
        let filter = try filter()
        try close()
        return TemplatePlaceholder(source: source, field: field, filter: filter, place: place)
    }

    private mutating func filter() throws(TemplateError) -> TemplatePlaceholder.Filter? {
        skipBlanks()
        guard peek == UInt8(ascii: "|") else { return nil }
        position += 1
        skipBlanks()
        let start = position
        let name = word()
        guard let filter = TemplatePlaceholder.Filter(rawValue: name) else {
            throw error("\(name.isEmpty ? "a filter is missing" : "unknown filter \(name)"): json or base64", at: start)
        }
        return filter
    }

    private mutating func close() throws(TemplateError) {
        skipBlanks()
        guard let next = peek, next != UInt8(ascii: "\n"), next != UInt8(ascii: "\r") else {
            throw error("the placeholder is not closed: }} is missing")
        }
        guard next == UInt8(ascii: "}"), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "}") else {
            throw error("}} is expected here")
        }
        position += 2
    }

    /// The string that begins here; nil if none does.
    private mutating func string() throws(TemplateError) -> String? {
        skipBlanks()
        guard peek == UInt8(ascii: "\"") else { return nil }
        let start = position
        position += 1
        var content: [UInt8] = []
        while let byte = peek, byte >= 0x20 {
            position += 1
            if byte == UInt8(ascii: "\"") { return try text(content, at: start) }
            guard byte == UInt8(ascii: "\\") else {
                content.append(byte)
                continue
            }
            guard let kept = peek, kept == UInt8(ascii: "\"") || kept == byte else {
                throw error("a backslash stands only before \" and \\", at: position - 1)
            }
            content.append(kept)
            position += 1
        }
        throw error("the string is not closed: \" is missing", at: start)
    }

    private mutating func text(_ content: [UInt8], at start: Int) throws(TemplateError) -> String {
        guard content.count <= limits.nameBytes else {
            throw error("a name may have \(limits.nameBytes) bytes", at: start)
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw error("the string is not UTF-8", at: start)
        }
        return text
    }

    // MARK: Words

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = peek, ASCII.isBlank(byte) { position += 1 }
    }

    /// The letters and digits from here on.
    private mutating func word() -> String {
        let start = position
        while let byte = peek, ASCII.isLetterOrDigit(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func unknown(_ word: String, at start: Int) -> TemplateError {
        let known = "a placeholder is {{ secret \"KEY\" }}, {{ secret \"KEY\" \"FIELD\" }} or {{ token }}"
        return error(word.isEmpty ? known : "unknown word \(word.prefix(32)): \(known)", at: start)
    }

    // MARK: Places

    /// An error at the position, or at `offset`.
    private mutating func error(_ message: String, at offset: Int? = nil) -> TemplateError {
        TemplateError(message, at: place(at: offset ?? position))
    }

    /// The line and column of an offset. Each byte is counted once, because offsets mostly grow.
    private mutating func place(at offset: Int) -> TextPlace {
        if offset < counted { (line, column, counted) = (1, 1, 0) }
        for byte in bytes[counted..<min(offset, bytes.count)] {
            if byte == UInt8(ascii: "\n") {
                (line, column) = (line + 1, 1)
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        counted = min(offset, bytes.count)
        return TextPlace(line: line, column: column)
    }
}
