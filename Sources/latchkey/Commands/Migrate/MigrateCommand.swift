internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration

/// `latchkey migrate`.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Move secrets from Secrets Manager to Parameter Store, with proof at each step.",
        discussion: """
            Run plan, backup, copy and verify in this order; each can be repeated. Only cleanup removes secrets from \
            Secrets Manager. The commands use the AWS credentials of the environment and need more permissions than \
            the broker.
            """,
        subcommands: [
            MigratePlanCommand.self, MigrateBackupCommand.self, MigrateCopyCommand.self, MigrateVerifyCommand.self,
            MigrateRestoreCommand.self, MigrateGateCommand.self, MigrateCutoverCommand.self,
            MigrateRollbackCommand.self, MigrateCleanupCommand.self, MigrateStatusCommand.self,
        ])
}
