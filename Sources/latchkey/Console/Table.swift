internal import LatchkeyCore

/// A text table whose columns are as wide as their widest cell.
struct Table {
    private struct Row {
        let cells: [String]
        /// That of the state, or of the whole head.
        let style: TextStyle
    }

    private var rows: [Row]
    /// The index of the column that says how things are; nil if there is none.
    private let state: Int?

    /// - Parameter state: the index of the column that says how things are. A terminal shows it in the row's style.
    init(_ head: [String], state: Int? = nil) {
        self.state = state
        rows = [Row(cells: head, style: .strong)]
    }

    mutating func add(_ cells: [String], _ style: TextStyle = .plain) {
        rows.append(Row(cells: cells.map(Self.clean), style: style))
    }

    /// The lines for standard output, without trailing spaces.
    var lines: [String] { lines(isColoured: Terminal.outputIsColoured) }

    func lines(isColoured: Bool) -> [String] {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.cells.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return rows.enumerated().map { number, row in
            var line = ""
            var spaces = 0
            for (column, (cell, width)) in zip(row.cells, widths).enumerated() {
                if !cell.isEmpty {
                    let isStyled = isColoured && (number == 0 || column == state)
                    line += String(repeating: " ", count: spaces) + (isStyled ? row.style.applied(to: cell) : cell)
                    spaces = 0
                }
                spaces += width - cell.count + 2
            }
            return line
        }
    }

    /// Replaces control characters, which a terminal would interpret.
    static func clean(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "?" : $0 }))
    }
}
