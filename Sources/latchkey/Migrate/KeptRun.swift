internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeySettings

/// Finds out which secrets a cut-over leaves in Secrets Manager, and whether they are kept or given up.
struct KeptRun {
    /// Maximum number of names in a message.
    private static let maxNamed = 50

    let access: MigrationAccess
    let settings: Settings
    /// The selection in addition to that of the journal's copies.
    let selected: SelectionArguments
    let journalPath: String
    let keeps: Bool
    let isForced: Bool

    /// - Throws: ``CommandFailure`` if secrets stay and neither `--keep` nor `--force` is given, or if the list is too
    ///   long for a parameter.
    func assess(_ journal: Journal) async throws -> SwitchAssessment {
        var assessment = SwitchAssessment()
        let known = try await BackendSwitch(access: access, settings).kept()
        guard let found = try await inspect(journal, &assessment) else {
            if isForced, !keeps {
                assessment.kept = KeptList(names: [])
                assessment.lost = known?.names ?? []
            }
            return assessment
        }
        assessment.staying = found.staying
        guard keeps || isForced || found.staying.isEmpty else { throw refusal(found.staying) }
        let change = KeptListChange(
            staying: found.staying, selected: Set(found.lines.map(\.secret.name)), known: known ?? KeptList(names: []),
            keeps: keeps || !isForced)
        let bytes = change.list.text.utf8.count
        guard bytes <= KeptList.maxBytes else {
            throw CommandFailure(
                .failed,
                "the names of the \(change.list.names.count) secrets that stay in Secrets Manager have \(bytes) bytes, and "
                    + "a parameter holds \(KeptList.maxBytes): move or delete some of them, or give them up with --force"
            )
        }
        if known != nil || isForced || !change.list.names.isEmpty { assessment.kept = change.list }
        (assessment.lost, assessment.shadowed) = (change.lost, change.shadowed)
        assessment.isForced = isForced && !keeps && !found.staying.isEmpty
        return assessment
    }

    /// The state of the secrets; nil if the selection is unknown.
    private func inspect(_ journal: Journal, _ assessment: inout SwitchAssessment) async throws -> MoveStatus? {
        guard let selection = try Selection(of: journal, and: selected) else {
            guard !keeps else {
                throw CommandFailure(.usage, "--keep needs a selection: --filter-prefix, --secret or --map")
            }
            assessment.note =
                "it is unknown which secrets stay in Secrets Manager: the journal has no copy, and no secrets are selected"
            return nil
        }
        do {
            var run = StatusRun(access: access, selection: selection, journal: journal, settings: settings, minDays: 0)
            run.asksBroker = false
            return try await run.run().status
        } catch let failure as CommandFailure where isForced && !keeps {
            // A fleet must be able to leave a store that is down.
            assessment.note = "cannot determine which secrets stay in Secrets Manager: \(failure.message)"
            return nil
        }
    }

    private func refusal(_ staying: [StayingSecret]) -> CommandFailure {
        let more = staying.count - Self.maxNamed
        let names = staying.prefix(Self.maxNamed).map(\.line).joined(separator: ", ")
        let arguments = selected.isGiven ? selected.given.arguments.map { $0.map(ShellWord.quoted) } ?? [] : []
        let command = (["latchkey migrate cutover"] + arguments + ["--keep"]).joined(separator: " ")
        return CommandFailure(
            .failed,
            "\(staying.count) secrets stay in Secrets Manager: \(names)\(more > 0 ? " and \(more) more" : ""). Brokers keep "
                + "reading them there if you run: \(command)\(ShellWord.journal(journalPath)). With --force instead of --keep "
                + "callers get 404 for them")
    }
}
