internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMigration
internal import LatchkeySettings
internal import LatchkeyUpstream

/// `latchkey migrate cleanup`.
struct MigrateCleanupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "Schedule the deletion of moved secrets.",
        discussion: """
            A secret is kept if its current version is not verified in Parameter Store, if the fleet reads another \
            store, if the cut-over or the last read is less than --min-days ago, or if no complete backup contains \
            it. Prints what blocks each secret; the exit code is 1 if anything is blocked. Secrets on the list of \
            kept secrets are not touched. --undo restores deleted secrets until the recovery window ends.
            """)

    @OptionGroup var selected: SelectionArguments
    @Option(help: ArgumentHelp("The migration's journal.", valueName: "file"))
    var journal = JournalFile.defaultPath
    @Option(help: "Recovery window in days, 7 to 30; after it a secret cannot be restored.") var recoveryWindowDays = 30
    @Option(help: "Minimum number of days since the cut-over and since the last read, 0 to 365.") var minDays = 7
    @Option(help: ArgumentHelp("The backup. Default: the last one that the journal names.", valueName: "file"))
    var backup: String?
    @Option(help: ArgumentHelp("Open the backup with the password in this file.", valueName: "file"))
    var passwordFile: String?
    @Option(help: ArgumentHelp("Open the backup with this private key.", valueName: "file")) var keyFile: String?
    @Flag(
        help: "Restore the secrets that a cleanup of this journal scheduled for deletion, and those named by --secret.")
    var undo = false
    @Flag(help: "Do not ask for confirmation.") var yes = false
    @Flag(help: "Show what would be done, and do nothing.") var dryRun = false
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard (7...30).contains(recoveryWindowDays) else {
            throw ValidationError("--recovery-window-days must be 7 to 30")
        }
        guard (0...365).contains(minDays) else { throw ValidationError("--min-days must be 0 to 365") }
        guard passwordFile == nil || keyFile == nil else {
            throw ValidationError("--password-file or --key-file, not both")
        }
    }

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let known = try PreparedJournal.peek(journal)?.journal ?? Journal()
            let selection = try selected.selection(orOf: known)
            let settings = try CommandEnvironment.settings(need: .upstreams)
            let access = try MigrationAccess(settings)
            let backendSwitch = BackendSwitch(access: access, settings)
            let named = selected.isGiven ? Set(selection.names) : []
            let cleanup = CleanupRun(access: access, selection: selection, named: named)
            let shown = try await plan(cleanup, known, backendSwitch)
            if dryRun || Self.changes(shown) == 0 { return try conclude(shown, isDone: false) }
            try confirm(shown, Self.changes(shown))
            let prepared = try PreparedJournal(path: journal, place: access.region, resumes: true)
            // Checks again now that no other process can write the journal, because the fleet's backend may have
            // changed. Only secrets that were shown are deleted.
            let asked = Set(shown.filter(\.isChange).map(\.secret.name))
            let plan = try await plan(cleanup, prepared.journal, backendSwitch).map { $0.limited(to: asked) }
            let file = try prepared.begin(now: Timing.system.now().wall)
            let done = try await cleanup.carryOut(plan, days: recoveryWindowDays, file)
            try file.record(
                undo ? "undo" : "cleanup", isClean: done.allSatisfy { $0.storeFailure == nil },
                count: Self.changes(done), ["days": "\(recoveryWindowDays)"])
            try conclude(done, isDone: true)
        }
    }

    private static func changes(_ lines: [CleanupLine]) -> Int { lines.count(where: \.isChange) }

    private func plan(
        _ cleanup: CleanupRun, _ journal: Journal, _ backendSwitch: BackendSwitch
    ) async throws -> [CleanupLine] {
        guard !undo else { return try await cleanup.planUndo(journal) }
        var rules = try rules(journal, backendSwitch.parameter)
        let existing = try await backendSwitch.parameterNow()
        rules.backend = existing?.value.revealText()
        rules.backendWritten = existing?.lastModified
        rules.kept = try await backendSwitch.kept() ?? rules.kept
        return try await cleanup.plan(rules)
    }

    /// The rules that follow from the journal, and from the backup as far as it can be read.
    private func rules(_ known: Journal, _ parameter: String) throws -> CleanupRules {
        let path = backup ?? known.last("backup")?.details["file"]
        return CleanupRules(
            now: Timing.system.now().wall, minDays: minDays, journal: known, parameter: parameter,
            backend: nil, backup: try path.flatMap { try manifest(of: BackupFile(path: $0)) })
    }

    /// The manifest of a complete backup. The backup is opened if its key is available; otherwise the manifest's digest
    /// is checked.
    private func manifest(of file: BackupFile) throws -> BackupManifest? {
        guard file.exists else { return nil }
        if let passwordFile { return try file.manifest(.password(BackupFile.password(passwordFile))) }
        if let keyFile {
            return try file.manifest(.privateKey(Secret(try SmallFile.required(keyFile))))
        }
        return try file.manifest()
    }

    private func confirm(_ plan: [CleanupLine], _ changes: Int) throws {
        guard !yes else { return }
        if !json { for line in page(plan, isDone: false) { Terminal.print(line) } }
        guard Confirmation.isPossible else {
            throw CommandFailure(.usage, "nothing was done: use --yes to do what was shown")
        }
        let what = undo ? "restored" : "deleted in \(recoveryWindowDays) days"
        guard Confirmation.asks("\(changes) secrets will be \(what).") else {
            throw CommandFailure(.failed, "nothing was done")
        }
    }

    private func conclude(_ lines: [CleanupLine], isDone: Bool) throws {
        if json {
            let acts = ["delete", "restore", "nothing", "kept", "blocked"]
            Terminal.print(
                JSON.object([
                    "done": .bool(isDone), "secrets": .array(lines.map(\.json)),
                    "summary": .object(
                        JSONObject(
                            acts.map { act in (act, .integer(Int64(lines.count { $0.act == act }))) })),
                ]).text)
        } else {
            for line in page(lines, isDone: isDone) { Terminal.print(line) }
        }
        if let storeFailure = lines.compactMap(\.storeFailure).first { throw ExitCode(storeFailure.status.rawValue) }
        if lines.contains(where: { $0.act == "blocked" }) { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func page(_ lines: [CleanupLine], isDone: Bool) -> [String] {
        var table = Table(["SECRET", "ACTION", "DELETED ON", "WHY"], state: 1)
        for line in lines {
            let why = line.storeFailure.map { ["failed: \($0.code)"] } ?? line.blocks.map(\.explanation)
            let style: TextStyle =
                line.storeFailure != nil ? .bad : line.act == "blocked" ? .warning : isDone ? .good : .plain
            table.add([line.secret.name, line.act, line.deletion.map(Day.text) ?? "-", why.first ?? ""], style)
            for more in why.dropFirst() { table.add(["", "", "", more]) }
        }
        let changes = lines.count { $0.isChange && $0.storeFailure == nil }
        let blocked = lines.count { $0.act == "blocked" }
        let what = undo ? "restored" : "scheduled for deletion"
        let kept = lines.count { $0.act == "kept" }
        return table.lines + [
            "", "\(changes) \(isDone ? what : "to do"), \(blocked) blocked, \(kept) kept in Secrets Manager",
        ]
    }
}
