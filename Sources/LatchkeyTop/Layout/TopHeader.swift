internal import LatchkeyCore

/// The lines above the tables, and the last line.
enum TopHeader {
    /// Faults that are shown; the rest is counted.
    private static let maxFaults = 3

    static func lines(_ model: TopModel, _ figures: BrokerFigures, width: Int) -> [TopLine] {
        let right =
            (model.isPaused ? "paused  " : "") + "every \(model.interval)s  "
            + RFC3339.format(model.now)
        var title = TopLine("latchkey top  ", .strong)
        title.append(name(model))
        title = title.fitted(max(0, width - right.count - 1))
        title.append(" " + right, model.isPaused ? .warning : .faint)
        return [title, state(model)] + faults(model) + [traffic(figures), work(figures), connections(figures)]
    }

    static func footer(_ model: TopModel) -> TopLine {
        let broker = model.brokers.count > 1 ? "  Tab broker" : ""
        let order = model.isReversed ? ", reversed" : ""
        return TopLine("q quit  s sort (\(model.sort.rawValue)\(order))  r reverse\(broker)  p pause  ? help", .bar)
    }

    static func style(ofStatus status: String) -> TextStyle {
        switch status {
        case "ok": .good
        case "degraded", "unknown": .warning
        default: .bad
        }
    }

    private static func name(_ model: TopModel) -> String {
        model.shown.count == 1 ? model.shown[0].url : "\(model.brokers.count) brokers"
    }

    private static func state(_ model: TopModel) -> TopLine {
        guard model.shown.count == 1 else {
            var line = TopLine()
            for status in ["ok", "degraded", "unavailable", "unreachable", "unknown"] {
                let count = model.shown.count { $0.status == status }
                if count > 0 { line.append("\(count) \(status)  ", style(ofStatus: status)) }
            }
            return line
        }
        let broker = model.shown[0]
        var line = TopLine(broker.status, style(ofStatus: broker.status))
        if let failure = broker.failure { line.append("  \(failure)", .bad) }
        guard let health = broker.reading?.health else { return line }
        line.append("  \(health.version)  up \(TopNumber.span(health.uptime))  secrets \(health.backend)", .faint)
        return line
    }

    private static func faults(_ model: TopModel) -> [TopLine] {
        var faults: [String] = []
        for broker in model.shown {
            let prefix = model.shown.count > 1 ? "\(broker.url): " : ""
            let notes = broker.failure == nil ? broker.reading?.notes ?? [] : []
            faults += (notes + (broker.failure == nil ? broker.reading?.health?.faults ?? [] : [])).map { prefix + $0 }
        }
        var lines = faults.prefix(faults.count > maxFaults ? maxFaults - 1 : maxFaults).map { TopLine("! \($0)", .bad) }
        if faults.count > maxFaults { lines.append(TopLine("! \(faults.count - maxFaults + 1) more", .bad)) }
        return lines
    }

    private static func traffic(_ figures: BrokerFigures) -> TopLine {
        var line = TopLine("\(TopNumber.count(figures.requests))", .strong)
        line.append(" req/s  p99 \(TopNumber.time(figures.high))  ")
        line.append("\(TopNumber.count(figures.errors)) errors/s", figures.errors > 0 ? .bad : .plain)
        line.append("  ")
        line.append("\(TopNumber.count(figures.refused)) refused/s", figures.refused > 0 ? .warning : .plain)
        line.append("  ")
        line.append("\(TopNumber.count(figures.stale)) stale/s", figures.stale > 0 ? .warning : .plain)
        return line
    }

    private static func work(_ figures: BrokerFigures) -> TopLine {
        var line = TopLine("hit ratio")
        for (resource, share) in figures.hitRatios.sorted(by: { $0.key < $1.key }) {
            line.append("  \(resource) \(TopNumber.share(share))")
        }
        if figures.hitRatios.isEmpty { line.append("  -") }
        line.append("  ")
        line.append("\(TopNumber.count(figures.retries)) retries/s", figures.retries > 0 ? .warning : .plain)
        if let processor = figures.processor { line.append("  cpu \(TopNumber.count(processor * 100)) %") }
        if let memory = figures.memory { line.append("  memory \(TopNumber.bytes(memory))") }
        return line
    }

    private static func connections(_ figures: BrokerFigures) -> TopLine {
        var line = TopLine()
        if let connections = figures.connections { line.append("\(TopNumber.amount(connections)) connections  ") }
        line.append("\(TopNumber.count(figures.handshakes)) handshakes/s")
        if figures.failedHandshakes > 0 {
            line.append(" (\(TopNumber.count(figures.failedHandshakes)) failed)", .warning)
        }
        if let files = figures.files {
            let limit = figures.maxFiles.map { "/\(TopNumber.count($0))" } ?? ""
            let isFull = figures.maxFiles.map { files > $0 * 0.8 } ?? false
            line.append("  files \(TopNumber.amount(files))\(limit)", isFull ? .bad : .plain)
        }
        return line
    }
}
