internal import ArgumentParser
internal import LatchkeyAudit
internal import LatchkeyCore

/// `latchkey audit show`.
struct AuditShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print lines of the audit log as a table or as JSON lines.",
        discussion: """
            Verifies nothing: use audit verify for that. Lines that are none of an audit log are left out and counted.
            """)

    enum Decision: String, ExpressibleByArgument, CaseIterable { case allowed, denied, would_deny, failed }

    @OptionGroup var log: AuditFiles
    @Option(help: ArgumentHelp("Only lines of this caller; - for those without one.", valueName: "id"))
    var caller: String?
    @Option(help: ArgumentHelp("Only lines of these names, as in the callers file.", valueName: "pattern"))
    var name: String?
    @Option(help: ArgumentHelp("Only lines from this time on, or of the last 30m, 24h or 30d.", valueName: "time"))
    var since: String?
    @Option(help: ArgumentHelp("Only lines before this time.", valueName: "time")) var until: String?
    @Option(help: "Only lines with this decision: allowed, denied, would_deny or failed.") var decision: Decision?
    @Flag(help: "Print the lines as they are, one JSON object for each.") var json = false

    /// Rows whose columns are aligned together, so that the output begins early and the memory is bounded.
    private static let chunkRows = 1000

    func validate() throws {
        let now = Timing.system.now().wall
        for (option, text) in [("--since", since), ("--until", until)] {
            guard text.map({ TimePoint.parse($0, now: now) != nil }) ?? true else {
                throw ValidationError("\(option) \(TimePoint.rule)")
            }
        }
    }

    func run() async throws {
        try await finishing {
            let filter = self.filter
            var (rows, others, isFirst) = ([[String]](), 0, true)
            _ = try AuditFiles.read(log.files) { bytes, _ in
                guard let record = AuditRecord(bytes) else {
                    others += bytes.isEmpty ? 0 : 1
                    return
                }
                guard filter.includes(record) else { return }
                if json { return try Terminal.deliver(Array(bytes) + [UInt8(ascii: "\n")]) }
                rows.append(Self.row(record))
                guard rows.count == Self.chunkRows else { return }
                try Self.print(rows, withHead: isFirst)
                (rows, isFirst) = ([], false)
            }
            if !json, isFirst || !rows.isEmpty { try Self.print(rows, withHead: isFirst) }
            if others > 0 { Terminal.printError("\(others) lines are none of an audit log and were left out") }
        }
    }

    private var filter: AuditFilter {
        let now = Timing.system.now().wall
        var filter = AuditFilter()
        (filter.caller, filter.name, filter.decision) = (caller, name, decision?.rawValue)
        filter.since = since.flatMap { TimePoint.parse($0, now: now) }
        filter.until = until.flatMap { TimePoint.parse($0, now: now) }
        return filter
    }

    private static let head = [
        "time", "caller", "credential", "peer", "action", "name", "version", "tier", "decision", "reason", "status",
    ]

    private static func row(_ record: AuditRecord) -> [String] {
        head.map { member in
            switch member {
            case "time": record.time
            case "action": record.action
            case "status": record.status.map { "\($0)" } ?? "-"
            default: record.text(member) ?? "-"
            }
        }
    }

    private static func print(_ rows: [[String]], withHead: Bool) throws {
        var table = Table(head)
        for row in rows { table.add(row) }
        let lines = withHead ? table.lines : Array(table.lines.dropFirst())
        for line in lines { try Terminal.deliver(Array("\(line)\n".utf8)) }
    }
}
