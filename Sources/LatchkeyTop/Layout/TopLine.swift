internal import LatchkeyCore

/// One line of the screen: pieces of text with a style. Each character takes one column.
package struct TopLine: Hashable, Sendable {
    struct Piece: Hashable, Sendable {
        let text: String
        let style: TextStyle
    }

    private(set) var pieces: [Piece] = []
    /// The number of columns that it takes.
    package private(set) var width = 0

    init() {}

    init(_ text: String, _ style: TextStyle = .plain) { append(text, style) }

    /// Appends text. What may not be one column wide, and control characters, become `?`.
    mutating func append(_ text: String, _ style: TextStyle = .plain) {
        let clean = String(String.UnicodeScalarView(text.unicodeScalars.map { Self.isNarrow($0) ? $0 : "?" }))
        guard !clean.isEmpty else { return }
        pieces.append(Piece(text: clean, style: style))
        width += clean.unicodeScalars.count
    }

    mutating func append(_ line: TopLine) {
        pieces += line.pieces
        width += line.width
    }

    /// The line with exactly this width: cut, with `…` at the end, or filled with spaces.
    func fitted(_ columns: Int) -> TopLine {
        var line = TopLine()
        guard width > columns else {
            line = self
            line.append(String(repeating: " ", count: columns - width))
            return line
        }
        for piece in pieces {
            let room = columns - line.width
            guard room > 0 else { break }
            let scalars = piece.text.unicodeScalars
            let isLast = line.width + scalars.count >= columns
            let kept = isLast ? String(scalars.prefix(room - 1)) + "…" : piece.text
            line.append(kept, piece.style)
        }
        return line
    }

    /// The text without styles, and without spaces at its end.
    package var text: String {
        var text = pieces.map(\.text).joined()
        while text.last == " " { text.removeLast() }
        return text
    }

    /// The text with the escape sequences of its styles.
    func escaped(isColoured: Bool) -> String {
        guard isColoured else { return pieces.map(\.text).joined() }
        return pieces.map { $0.style.applied(to: $0.text) }.joined()
    }

    /// Letters of Latin alphabets, digits, marks, and the few others that the layout uses. Anything else may be wide,
    /// combine with its neighbours or change the direction of the text.
    private static func isNarrow(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA1...0xAC, 0xAE...0x24F: true
        case 0x2026: true
        default: false
        }
    }
}
