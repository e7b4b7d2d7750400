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
            30 s. Wants a gate or verify in the journal that was clean within the last hour; --force does without, and \
            that is written down. Where secrets stay in Secrets Manager, because they cannot be moved or were not, it \
            wants --keep: their names go into <prefix>/latchkey/kept, and brokers go on to read them there. --force \
            without --keep empties that list, and says which names become 404. Which secrets are meant is what the \
            journal's copies were told, and what the arguments say besides. --to shadow begins the comparisons that \
            gate asks for, and wants neither.
            """)

    enum Goal: String, ExpressibleByArgument, CaseIterable {
        case parameterStore = "parameter-store"
        case shadow
    }

    @OptionGroup var selected: SelectionArguments
    @OptionGroup var switchArguments: SwitchArguments
    @Flag(help: "Let brokers read what stays in Secrets Manager from there.") var keep = false
    @Option(help: "parameter-store or shadow.") var to = Goal.parameterStore
    @Flag(help: "Do it without proof or --keep, or though secrets that shadow reads wait for their deletion.")
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
                        isForced: try await switchArguments.requireOldSecrets(journal, access, force: force))
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
