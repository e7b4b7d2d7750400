internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration

/// `latchkey migrate`.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Move secrets from Secrets Manager to Parameter Store, with proof at each step.",
        discussion: """
            plan, backup, copy, verify, in this order; each can be repeated. Nothing is taken out of Secrets Manager. \
            AWS credentials are those of the environment, as for the broker; they need more rights than the broker has.
            """,
        subcommands: [
            MigratePlanCommand.self, MigrateBackupCommand.self, MigrateCopyCommand.self, MigrateVerifyCommand.self,
            MigrateRestoreCommand.self, MigrateGateCommand.self, MigrateCutoverCommand.self,
            MigrateRollbackCommand.self, MigrateCleanupCommand.self, MigrateStatusCommand.self,
        ])
}
