internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeySettings

/// `latchkey migrate status`.
struct MigrateStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say where each secret and the whole move stand, and what to type next.",
        discussion: """
            Reads the journal, what Secrets Manager says of each secret but no value, the parameters, and the backend \
            that brokers follow; where LATCHKEY_URL is set, what that broker has measured since its start. Without a \
            selection it is about the secrets in the journal. Writes nothing.
            """)

    /// Secrets that a command is printed for by their names.
    static let mostNamed = 100

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
            let known = try PreparedJournal.peek(journal)?.journal ?? Journal()
            let selection = try selection(known)
            let settings = try CommandEnvironment.settings(need: .upstreams)
            let run = StatusRun(
                access: try MigrationAccess(settings), selection: selection, journal: known, settings: settings,
                minDays: minDays)
            let other = journal == MigrateCopyCommand.standardJournal ? "" : " --journal \(Self.quoted(journal))"
            let (status, denied) = try await run.run()
            let report = StatusReport(
                status: status, which: arguments(selection), journal: other, denied: denied)
            if json { Terminal.print(report.json.text) } else { for line in report.page { Terminal.print(line) } }
            if !denied.isEmpty { throw ExitCode(ExitStatus.denied.rawValue) }
        }
    }

    /// What is said, else what the journal has. What it has below a prefix that is said is meant, too, though Secrets
    /// Manager lists it no more.
    private func selection(_ known: Journal) throws -> Selection {
        let isSaid = !which.filterPrefix.isEmpty || !which.secret.isEmpty || which.map != nil
        guard isSaid || !known.items.isEmpty else { return try which.selection() }
        var selection = isSaid ? try which.selection() : Selection(map: [:])
        for item in known.items.values
        where !isSaid || selection.names.contains(item.secret)
            || selection.prefixes.contains(where: { item.secret.hasPrefix($0) })
        {
            if !selection.names.contains(item.secret) { selection.names.append(item.secret) }
            if selection.map[item.secret] == nil, which.map == nil { selection.map[item.secret] = item.target }
        }
        return selection
    }

    /// The same for the next command, as a shell takes it: what was said, or each secret of the journal by its name. Nil
    /// where that is too long, or where they went to other parameters than their names say.
    private func arguments(_ selection: Selection) -> String? {
        var words: [String] = []
        for prefix in which.filterPrefix { words += ["--filter-prefix", prefix] }
        for name in which.secret { words += ["--secret", name] }
        if let map = which.map { words += ["--map", map] }
        guard selection.map.allSatisfy({ which.map != nil || $1 == ParameterName.standard(for: $0) }) else {
            return nil
        }
        if words.isEmpty {
            guard selection.names.count <= Self.mostNamed else { return nil }
            words = selection.names.sorted().flatMap { ["--secret", $0] }
        }
        return words.map(Self.quoted).joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/_.-".contains($0)) }
        return plain && !word.isEmpty ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }
}
