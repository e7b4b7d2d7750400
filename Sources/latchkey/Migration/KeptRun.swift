internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeySettings

/// Finds out what a cut-over leaves in Secrets Manager, and what becomes of it.
struct KeptRun {
    /// Names in a message.
    private static let mostNamed = 50

    let access: MigrationAccess
    let settings: Settings
    /// What is said besides what the journal's copies were told.
    let which: SelectionArguments
    let journalPath: String
    let keeps: Bool
    let isForced: Bool

    /// - Throws: ``CommandFailure`` where something stays and neither `--keep` nor `--force` is said, and where the list is
    ///   longer than a parameter may be.
    func judge(_ journal: Journal) async throws -> SwitchJudgement {
        var judgement = SwitchJudgement()
        let known = try await BackendSwitch(access: access, settings).kept()
        guard let found = try await look(journal, &judgement) else {
            if isForced, !keeps {
                judgement.kept = KeptList(names: [])
                judgement.lost = known?.names ?? []
            }
            return judgement
        }
        judgement.staying = found.staying
        guard keeps || isForced || found.staying.isEmpty else { throw refusal(found.staying) }
        let change = KeptChange(
            staying: found.staying, selected: Set(found.lines.map(\.secret.name)), known: known ?? KeptList(names: []),
            keeps: keeps || !isForced)
        let bytes = change.list.text.utf8.count
        guard bytes <= KeptList.maxBytes else {
            throw CommandFailure(
                .notSo,
                "the names of the \(change.list.names.count) secrets that stay in Secrets Manager have \(bytes) bytes, and "
                    + "a parameter holds \(KeptList.maxBytes): move or delete some of them, or give up on them by --force"
            )
        }
        if known != nil || isForced || !change.list.names.isEmpty { judgement.kept = change.list }
        (judgement.lost, judgement.shadowed) = (change.lost, change.shadowed)
        judgement.isForced = isForced && !keeps && !found.staying.isEmpty
        return judgement
    }

    /// How the secrets of the move stand; nil where it is not known which they are.
    private func look(_ journal: Journal, _ judgement: inout SwitchJudgement) async throws -> MoveStatus? {
        guard let selection = try Selection(of: journal, and: which) else {
            guard !keeps else {
                throw CommandFailure(.usage, "--keep: say which secrets: --filter-prefix, --secret or --map")
            }
            judgement.note =
                "which secrets stay in Secrets Manager is not known: the journal has no copy, and none are named"
            return nil
        }
        do {
            var run = StatusRun(access: access, selection: selection, journal: journal, settings: settings, minDays: 0)
            run.asksBroker = false
            return try await run.run().status
        } catch let failure as CommandFailure where isForced && !keeps {
            // A fleet must be able to leave a store that is down.
            judgement.note = "which secrets stay in Secrets Manager could not be found out: \(failure.message)"
            return nil
        }
    }

    private func refusal(_ staying: [StayingSecret]) -> CommandFailure {
        let more = staying.count - Self.mostNamed
        let names = staying.prefix(Self.mostNamed).map(\.line).joined(separator: ", ")
        let arguments = which.isSaid ? which.said.arguments.map { $0.map(ShellWord.quoted) } ?? [] : []
        let command = (["latchkey migrate cutover"] + arguments + ["--keep"]).joined(separator: " ")
        return CommandFailure(
            .notSo,
            "\(staying.count) secrets stay in Secrets Manager: \(names)\(more > 0 ? " and \(more) more" : ""). Brokers go on to "
                + "read them there after: \(command)\(ShellWord.journal(journalPath)). With --force in place of --keep "
                + "callers get 404 for them")
    }
}
