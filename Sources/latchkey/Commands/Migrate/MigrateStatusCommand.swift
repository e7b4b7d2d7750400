internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration

/// `latchkey migrate status`.
struct MigrateStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say where each secret and the whole move stand, and what to type next.",
        discussion: """
            Reads the journal, what Secrets Manager says of each secret but no value, the parameters, and the backend \
            that brokers follow; where LATCHKEY_URL is set, what that broker has measured since its start. Without a \
            selection it is about the secrets in the journal. Writes nothing.
            """)

    @OptionGroup var which: SelectionArguments
    @Option(help: ArgumentHelp("The move's journal.", valueName: "file"))
    var journal = MigrateCopyCommand.standardJournal
    @Option(help: "Days that cleanup waits after the cut-over, 0 to 365.") var minDays = 7
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard (0...365).contains(minDays) else { throw ValidationError("--min-days must be 0 to 365") }
    }

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let known = try JournalFile.peek(journal)?.journal ?? Journal()
            let selection = try selection(known)
            let settings = try CommandEnvironment.settings(need: .upstreams)
            let run = StatusRun(
                access: try MigrationAccess(settings), selection: selection, journal: known, settings: settings,
                minDays: minDays)
            let other = journal == MigrateCopyCommand.standardJournal ? "" : " --journal \(Self.quoted(journal))"
            let report = StatusReport(status: try await run.run(), which: arguments(selection), journal: other)
            if json { Terminal.print(report.json.text) } else { for line in report.page { Terminal.print(line) } }
        }
    }

    /// What is said, else what the journal has.
    private func selection(_ known: Journal) throws -> Selection {
        let isSaid = !which.filterPrefix.isEmpty || !which.secret.isEmpty || which.map != nil
        guard !isSaid, !known.items.isEmpty else { return try which.selection() }
        var selection = Selection(map: Dictionary(known.items.map { ($1.secret, $0) }, uniquingKeysWith: { $1 }))
        selection.names = selection.map.keys.sorted()
        return selection
    }

    /// The same for the next command, as a shell takes it.
    private func arguments(_ selection: Selection) -> String {
        var words: [String] = []
        for prefix in which.filterPrefix { words += ["--filter-prefix", prefix] }
        for name in which.secret { words += ["--secret", name] }
        if let map = which.map { words += ["--map", map] }
        if words.isEmpty { words = ["--filter-prefix", Self.commonPath(selection.names)] }
        return words.map(Self.quoted).joined(separator: " ")
    }

    /// Up to the last slash that all names share.
    static func commonPath(_ names: [String]) -> String {
        guard let first = names.min(), let last = names.max() else { return "" }
        let shared = zip(first, last).prefix { $0 == $1 }.map(\.0)
        return String(shared.lastIndex(of: "/").map { shared[...$0] } ?? [])
    }

    private static func quoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/_.-".contains($0)) }
        return plain && !word.isEmpty ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }
}
