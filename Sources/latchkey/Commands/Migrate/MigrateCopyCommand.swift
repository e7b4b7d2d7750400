internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeySettings

/// `latchkey migrate copy`.
struct MigrateCopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy", abstract: "Write every secret that can be moved to Parameter Store, and read it back.",
        discussion: """
            Parameters that do not exist are created; one with the same value is left unchanged; one with another \
            value is overwritten only with --yes or after confirmation on the terminal. Blocked secrets (see plan) \
            are not copied. Each step is recorded in the journal before it is made. An interrupted copy continues \
            with --resume and writes nothing twice. The journal has keyed digests and no values; their key is in \
            FILE.key.
            """)

    @OptionGroup var selected: SelectionArguments
    @OptionGroup var moveArguments: MoveArguments
    @Option(help: ArgumentHelp("The migration's journal.", valueName: "file")) var journal = JournalFile.defaultPath
    @Flag(help: "Continue an interrupted copy.") var resume = false
    @Flag(help: "Show what would be written, and write nothing.") var dryRun = false
    @Flag(help: "Do not ask, and overwrite parameters that have another value.") var yes = false
    @OptionGroup var rate: RateArguments
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let selection = try selected.selection(orOf: PreparedJournal.peek(journal)?.journal ?? Journal())
            let options = try moveArguments.options()
            let access = try MigrationAccess(
                try CommandEnvironment.settings(need: .upstreams), maxWritesPerSecond: rate.writesPerSecond)
            if dryRun { return try await rehearse(access, selection, options) }
            let prepared = try PreparedJournal(path: journal, place: access.region, resumes: resume)
            let known = prepared.journal
            var reader = InventoryReader(access: access, selection: selection)
            if resume { reader.isDone = { known.hasVerified($0, at: $1) } }
            let (inventory, map, done) = try await reader.read()
            let plan = Planner(map: map, options: options).plan(inventory)
            let mayOverwrite = try confirm(plan)
            let file = try prepared.begin(now: Timing.system.now().wall)
            try file.record(selected.recorded)
            var copy = CopyRun(access: access, options: options, mayOverwrite: mayOverwrite)
            copy.journal = file
            let report = CopyReport(
                plan: plan, lines: try await copy.run(plan), done: done, journal: ShellWord.journal(journal))
            if report.untried == 0 {
                try file.leave(report.left)
                try file.record("copy", isClean: report.isClean, count: report.lines.count + done.count)
            }
            show(report)
            if report.status != .done { throw ExitCode(report.status.rawValue) }
        }
    }

    private func rehearse(_ access: MigrationAccess, _ selection: Selection, _ options: MoveOptions) async throws {
        let (inventory, map, _) = try await InventoryReader(access: access, selection: selection).read()
        let plan = Planner(map: map, options: options).plan(inventory)
        if json { Terminal.print(plan.json.text) } else { PlanReport(plan).print() }
    }

    /// Whether parameters with another value may be overwritten. On a terminal the user is asked first.
    private func confirm(_ plan: Plan) throws -> Bool {
        let (create, overwrite) = (plan.count(.create), plan.count(.overwrite))
        guard !yes, create + overwrite > 0, Confirmation.isPossible else { return yes }
        let question = "\(create) parameters will be created and \(overwrite) overwritten."
        guard Confirmation.asks(question) else { throw CommandFailure(.failed, "nothing was written") }
        return true
    }

    private func show(_ report: CopyReport) {
        if json { return Terminal.print(report.json.text) }
        for line in report.page { Terminal.print(line) }
    }
}
