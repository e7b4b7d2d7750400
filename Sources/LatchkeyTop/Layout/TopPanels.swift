internal import LatchkeyCore

/// The tables of the screen.
struct TopPanels {
    let routes: TopPanel
    let tiers: TopPanel
    let upstreams: TopPanel
    let callers: TopPanel
    let tokens: TopPanel

    /// The width of a number with the space before it.
    private static let number = 6

    init(_ figures: BrokerFigures, _ sort: TopSort, isReversed: Bool) {
        let columns = { (heads: [String]) in heads.map { TopPanel.Column(head: $0, width: Self.number) } }
        func rows(_ rows: [BrokerFigures.Row], _ cells: (BrokerFigures.Row) -> [TopPanel.Cell]) -> [TopPanel.Row] {
            sort.sorted(rows, isReversed: isReversed).map {
                TopPanel.Row(name: $0.name, shortName: $0.shortName, cells: cells($0))
            }
        }
        routes = TopPanel(
            title: "ROUTE", columns: columns(["REQ/S", "P50", "P99", "5XX/S"]),
            rows: rows(figures.routes) {
                [Self.count($0.rate), Self.time($0.median), Self.time($0.high), Self.bad($0.errors)]
            })
        tiers = TopPanel(
            title: "TIER", columns: columns(["HIT", "MISS", "STALE", "ERROR"]),
            rows: rows(figures.tiers) { row in
                row.more.enumerated().map { $0.offset == 2 ? Self.warning($0.element) : Self.count($0.element) }
                    + [Self.bad(row.errors)]
            })
        upstreams = TopPanel(
            title: "UPSTREAM", columns: columns(["CALLS", "ERROR", "P99"]),
            rows: rows(figures.upstreams) { [Self.count($0.rate), Self.bad($0.errors), Self.time($0.high)] })
        callers = TopPanel(
            title: "CALLER", columns: columns(["ALLOW", "DENY", "WOULD"]),
            rows: rows(figures.callers) {
                [Self.count($0.rate), Self.bad($0.errors), Self.warning($0.more.first ?? 0)]
            })
        tokens = TopPanel(
            title: "TOKEN",
            columns: [TopPanel.Column(head: "STATE", width: 9), TopPanel.Column(head: "EXPIRES", width: 9)],
            rows: figures.tokens.map { token in
                let style: TextStyle =
                    switch token.state {
                    case "fresh", "valid": .good
                    case "stale": .warning
                    case "expired": .bad
                    default: .faint
                    }
                let left = token.seconds.map { TopNumber.span($0) } ?? "-"
                return TopPanel.Row(
                    name: token.profile, shortName: token.profile,
                    cells: [TopPanel.Cell(text: token.state, style: style), TopPanel.Cell(text: left)])
            })
    }

    /// One line for each broker. The marked one is shown below.
    static func brokers(_ model: TopModel) -> TopPanel {
        let heads = [
            ("STATE", 13), ("REQ/S", number), ("P99", number), ("5XX/S", number + 1), ("CONN", number), ("MEMORY", 8),
        ]
        let rows = model.brokers.enumerated().map { index, broker in
            let figures = BrokerFigures([broker])
            let mark = model.selected == index ? "> " : "\(index + 1) "
            let cells = [
                TopPanel.Cell(text: broker.status, style: TopHeader.style(ofStatus: broker.status)),
                count(figures.requests), time(figures.high), bad(figures.errors),
                TopPanel.Cell(text: figures.connections.map { TopNumber.amount($0) } ?? "-"),
                TopPanel.Cell(text: figures.memory.map { TopNumber.bytes($0) } ?? "-"),
            ]
            return TopPanel.Row(name: mark + broker.url, shortName: mark + broker.url, cells: cells)
        }
        return TopPanel(
            title: "BROKER", columns: heads.map { TopPanel.Column(head: $0.0, width: $0.1) }, rows: rows)
    }

    private static func count(_ value: Double) -> TopPanel.Cell { TopPanel.Cell(text: TopNumber.count(value)) }

    private static func time(_ seconds: Double?) -> TopPanel.Cell { TopPanel.Cell(text: TopNumber.time(seconds)) }

    private static func bad(_ value: Double) -> TopPanel.Cell {
        TopPanel.Cell(text: TopNumber.count(value), style: value > 0 ? .bad : .plain)
    }

    private static func warning(_ value: Double) -> TopPanel.Cell {
        TopPanel.Cell(text: TopNumber.count(value), style: value > 0 ? .warning : .plain)
    }
}
