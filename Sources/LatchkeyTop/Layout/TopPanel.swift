internal import LatchkeyCore

/// A table with a heading. The first column takes what the others leave.
struct TopPanel {
    struct Column {
        let head: String
        let width: Int
    }

    struct Cell {
        let text: String
        var style: TextStyle = .plain
    }

    struct Row {
        let name: String
        /// The name if the column is narrower than `name`.
        let shortName: String
        let cells: [Cell]
    }

    let title: String
    let columns: [Column]
    var rows: [Row]

    /// Lines that show everything.
    var height: Int { 1 + max(1, rows.count) }

    /// The table in exactly `width` columns and at most `height` lines. If rows are left out, the last line says how many.
    func lines(width: Int, height: Int) -> [TopLine] {
        guard height > 0 else { return [] }
        let nameWidth = max(0, width - columns.reduce(0) { $0 + $1.width })
        var head = TopLine(title, .strong).fitted(nameWidth)
        for column in columns { head.append(Self.right(column.head, column.width), .strong) }
        var lines = [head.fitted(width)]
        if rows.isEmpty { lines.append(TopLine("none", .faint).fitted(width)) }
        let isCut = rows.count > height - 1
        for row in rows.prefix(isCut ? max(0, height - 2) : rows.count) {
            let name = row.name.unicodeScalars.count <= nameWidth ? row.name : row.shortName
            var line = TopLine(name).fitted(nameWidth)
            for (cell, column) in zip(row.cells, columns) {
                line.append(Self.right(cell.text, column.width), cell.style)
            }
            lines.append(line.fitted(width))
        }
        if isCut { lines.append(TopLine("… \(rows.count - max(0, height - 2)) more", .faint).fitted(width)) }
        return Array(lines.prefix(height))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.unicodeScalars.count)) + text
    }
}
