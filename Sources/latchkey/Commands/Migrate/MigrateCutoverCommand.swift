internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeySettings

/// `latchkey migrate cutover`.
struct MigrateCutoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cutover", abstract: "Let the fleet read secrets from Parameter Store.",
        discussion: """
            Writes parameter-store into <prefix>/latchkey/backend, which brokers with the backend auto follow within \
            30 s. Requires a gate or verify in the journal that passed within the last hour; --force skips this, and \
            the journal records it. If secrets stay in Secrets Manager, it requires --keep: their names are written \
            to <prefix>/latchkey/kept, and brokers keep reading them there. --force without --keep empties that list \
            and prints the names that will get 404. The command covers the secrets of the journal and those selected \
            by the arguments. --to shadow starts the comparisons that gate counts; it needs neither a gate nor \
            --keep.
            """)

    enum Goal: String, ExpressibleByArgument, CaseIterable {
        case parameterStore = "parameter-store"
        case shadow
    }

    @OptionGroup var selected: SelectionArguments
    @OptionGroup var switchArguments: SwitchArguments
    @Flag(help: "Let brokers keep reading the secrets that stay in Secrets Manager.") var keep = false
    @Option(help: "parameter-store or shadow.") var to = Goal.parameterStore
    @Flag(
        help:
            "Switch without a passed gate or verify, without --keep, and even if secrets that shadow reads are scheduled for deletion."
    )
    var force = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .upstreams)
            let access = try MigrationAccess(settings)
            guard to == .parameterStore else {
                guard switchArguments.lambdaFunction.isEmpty, !keep else {
                    throw CommandFailure(.usage, "--lambda-function and --keep are for the cut-over, not for shadow")
                }
                return try await switchArguments.run("shadow", to: .shadow, settings, access) { journal in
                    SwitchAssessment(
                        isForced: try await switchArguments.requireSourceSecrets(journal, access, force: force))
                }
            }
            try await switchArguments.run("cutover", to: .parameterStore, settings, access) { journal in
                let place = try await access.place(journal, settings)
                let proof = CutoverProof(journal, of: place, now: Timing.system.now().wall)
                guard proof.holds || force else {
                    throw CommandFailure(.failed, proof.explanation(ShellWord.journal(switchArguments.journal)))
                }
                var assessment = try await KeptRun(
                    access: access, settings: settings, selected: selected, journalPath: switchArguments.journal,
                    keeps: keep,
                    isForced: force
                ).assess(journal)
                assessment.isForced = assessment.isForced || !proof.holds
                return assessment
            }
        }
    }
}
