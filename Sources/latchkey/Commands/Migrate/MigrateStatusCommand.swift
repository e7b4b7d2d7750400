internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeySettings

/// `latchkey migrate status`.
struct MigrateStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the state of each secret and of the migration, and the next command.",
        discussion: """
            Reads the journal, the metadata of each secret but no values, the parameters, and the backend that \
            brokers follow; if LATCHKEY_URL is set, also the metrics of that broker since its start. Without a \
            selection it covers the secrets of the journal's copies and verifies. Writes nothing.
            """)

    @OptionGroup var selected: SelectionArguments
    @Option(help: ArgumentHelp("The migration's journal.", valueName: "file"))
    var journal = JournalFile.defaultPath
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
            let (status, denied) = try await run.run()
            let report = StatusReport(
                status: status, selected: arguments(selection, known), journal: ShellWord.journal(journal),
                denied: denied)
            if json { Terminal.print(report.json.text) } else { for line in report.page { Terminal.print(line) } }
            if !denied.isEmpty { throw ExitCode(ExitStatus.denied.rawValue) }
        }
    }

    /// The selection of the command line, or else the one that the journal's copies were given. The journal's own
    /// secrets are added even if Secrets Manager no longer lists them.
    private func selection(_ known: Journal) throws -> Selection {
        guard selected.isGiven else {
            return try Selection(of: known, and: selected) ?? selected.selection()
        }
        var selection = try selected.selection()
        selection.add(known) { [given = selected.given] in given.hasPrefix(of: $0) }
        return selection
    }

    /// The arguments that give the next command the same selection, quoted for a shell: those of the command line, else
    /// those of the journal's copies, else one `--secret` for each secret. Nil if that is too long, or if secrets went
    /// to parameters of other names.
    private func arguments(_ selection: Selection, _ known: Journal) -> String? {
        var given = selected.isGiven ? selected.given : known.selection
        if given.isEmpty { given = MoveSelection(names: selection.names.sorted()) }
        let isByName = selection.map.allSatisfy { $1 == ParameterName.defaultName(for: $0) }
        guard !given.maps.isEmpty || isByName else { return nil }
        return given.arguments?.map(ShellWord.quoted).joined(separator: " ")
    }
}
