internal import LatchkeyCore

/// Lays the model out in lines. Pure.
package enum TopLayout {
    /// From this width on there are two columns of tables, and three.
    static let twoColumns = 76
    static let threeColumns = 150
    private static let gap = 2
    /// A heading, a row, and how many more there are.
    private static let leastHeight = 3

    /// At most `size.rows` lines, each exactly `size.columns` wide.
    package static func lines(_ model: TopModel, _ size: TopSize) -> [TopLine] {
        let width = size.columns
        let figures = BrokerFigures(model.shown)
        var lines = TopHeader.lines(model, figures, width: width)
        if model.brokers.count > 1 {
            let limit = size.rows.map { max(3, $0 / 3) } ?? .max
            lines += [TopLine()] + TopPanels.brokers(model).lines(width: width, height: limit)
        }
        lines.append(TopLine())
        let footer = TopHeader.footer(model)
        let left = size.rows.map { max(0, $0 - lines.count - 1) }
        lines += model.isHelp ? help.map { TopLine($0) } : tables(model, figures, width: width, height: left)
        guard let rows = size.rows else { return lines.map { $0.fitted(width) } }
        lines = Array(lines.prefix(rows - 1))
        lines += [TopLine](repeating: TopLine(), count: rows - 1 - lines.count)
        lines.append(footer)
        return lines.map { $0.fitted(width) }
    }

    private static func tables(
        _ model: TopModel, _ figures: BrokerFigures, width: Int, height: Int?
    ) -> [TopLine] {
        let panels = TopPanels(figures, model.sort, isReversed: model.isReversed)
        let groups: [[TopPanel]] =
            switch width {
            case ..<twoColumns: [[panels.tokens, panels.routes, panels.tiers, panels.upstreams, panels.callers]]
            case ..<threeColumns: [[panels.routes, panels.upstreams], [panels.tokens, panels.tiers, panels.callers]]
            default: [[panels.routes, panels.callers], [panels.tiers, panels.tokens], [panels.upstreams]]
            }
        let columnWidth = (width - gap * (groups.count - 1)) / groups.count
        let columns = groups.map { column($0, width: columnWidth, height: height) }
        let space = String(repeating: " ", count: gap)
        return (0..<(columns.map(\.count).max() ?? 0)).map { index in
            var line = TopLine()
            for (place, column) in columns.enumerated() {
                if place > 0 { line.append(space) }
                line.append((index < column.count ? column[index] : TopLine()).fitted(columnWidth))
            }
            return line
        }
    }

    /// Tables below each other, with an empty line between them.
    ///
    /// If they do not have ``leastHeight`` lines each, the last ones are left out.
    private static func column(_ panels: [TopPanel], width: Int, height: Int?) -> [TopLine] {
        var panels = panels
        while let height, panels.count > 1, (height - (panels.count - 1)) / panels.count < leastHeight {
            panels.removeLast()
        }
        let heights = share(height.map { $0 - (panels.count - 1) }, among: panels.map(\.height))
        var lines: [TopLine] = []
        for (panel, height) in zip(panels, heights) where height > 1 {
            if !lines.isEmpty { lines.append(TopLine().fitted(width)) }
            lines += panel.lines(width: width, height: height)
        }
        return lines
    }

    /// Divides lines so that a small table gets what it needs, and large ones equal parts of the rest.
    static func share(_ available: Int?, among needs: [Int]) -> [Int] {
        guard var left = available else { return needs }
        var given = [Int](repeating: 0, count: needs.count)
        let order = needs.indices.sorted { (needs[$0], $0) < (needs[$1], $1) }
        for (done, index) in order.enumerated() {
            given[index] = min(needs[index], max(0, left) / (order.count - done))
            left -= given[index]
        }
        return given
    }

    private static let help = [
        "q, Ctrl-C   leave",
        "s           sort by the next: rate, latency, errors, name",
        "t l e n     sort by rate, latency, errors, name",
        "r           reverse the order",
        "Tab, arrows the next broker; a: all together; 1 to 9: one of them",
        "p, space    stop reading, and go on",
        "Ctrl-Z      suspend",
        "?           close this",
        "",
        "Numbers are of the last interval, a second each; of the time since the start on the first screen.",
        "P50 and P99 are estimates from the buckets of the histograms.",
    ]
}
