/// What the terminal shows, and the bytes that change it: only lines that differ are written.
///
/// Sequences of ECMA-48 and the private modes that terminals have had since xterm; no terminal database is needed. A
/// terminal that does not know synchronised output (mode 2026) ignores it.
package struct TopScreen: Sendable {
    private let isColoured: Bool
    private var shown: [String] = []
    private var size: TopSize?

    /// Alternate screen, no cursor, no wrapping at the end of a line.
    package static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J"
    /// The terminal as it was.
    package static let leave = "\u{1B}[?2026l\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    package init(isColoured: Bool) { self.isColoured = isColoured }

    /// The screen has been cleared or changed by something else: the next update writes every line.
    package mutating func forget() { size = nil }

    /// The bytes that show these lines; empty if they are shown already.
    ///
    /// - Parameter lines: at most `size.rows`, each exactly `size.columns` wide, so that nothing old is left beside them.
    package mutating func update(_ lines: [TopLine], _ size: TopSize) -> [UInt8] {
        let fresh = lines.map { $0.escaped(isColoured: isColoured) }
        let isNew = self.size != size
        var text = isNew ? "\u{1B}[0m\u{1B}[2J" : ""
        for (index, line) in fresh.enumerated() where isNew || index >= shown.count || shown[index] != line {
            text += "\u{1B}[\(index + 1);1H\(line)"
        }
        if !isNew, fresh.count < shown.count { text += "\u{1B}[\(fresh.count + 1);1H\u{1B}[J" }
        (shown, self.size) = (fresh, size)
        return text.isEmpty ? [] : Array("\u{1B}[?2026h\(text)\u{1B}[?2026l".utf8)
    }
}
