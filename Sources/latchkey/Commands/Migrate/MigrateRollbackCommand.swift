internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeySettings

/// `latchkey migrate rollback`.
struct MigrateRollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Let the fleet read secrets from Secrets Manager again.",
        discussion: """
            Writes secrets-manager into <prefix>/latchkey/backend, which brokers with the backend auto follow within \
            30 s, and then empties the list of kept secrets, <prefix>/latchkey/kept. Fails if secrets that a cleanup \
            of this journal scheduled for deletion were not restored; latchkey migrate cleanup --undo restores them.
            """)

    @OptionGroup var switchArguments: SwitchArguments
    @Flag(help: "Roll back even if secrets are scheduled for deletion or already deleted.") var force = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .upstreams)
            let access = try MigrationAccess(settings)
            try await switchArguments.run("rollback", to: .secretsManager, settings, access) { journal in
                var assessment = SwitchAssessment(
                    isForced: try await switchArguments.requireSourceSecrets(journal, access, force: force))
                do {
                    // If nothing was kept, there is no list to empty.
                    if try await BackendSwitch(access: access, settings).kept() != nil {
                        assessment.kept = KeptList(names: [])
                    }
                } catch let failure as CommandFailure where failure.status == .denied {
                    // A fleet that reads Secrets Manager does not need the list, so a rollback succeeds without it.
                    assessment.note = "the list of kept secrets was not changed: \(failure.message)"
                }
                return assessment
            }
        }
    }
}
