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

/// Which secrets: what all the commands take.
struct SelectionArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Every secret whose name begins so; may be repeated.", valueName: "prefix"))
    var filterPrefix: [String] = []
    @Option(help: ArgumentHelp("One secret; may be repeated.", valueName: "name")) var secret: [String] = []
    @Option(help: ArgumentHelp("JSON file of secret ids and the parameters they go to.", valueName: "file"))
    var map: String?

    func selection() throws -> Selection {
        try Selection(prefixes: filterPrefix, names: secret, mapFile: map)
    }

    var isSaid: Bool { !filterPrefix.isEmpty || !secret.isEmpty || map != nil }

    /// What is said; else what the journal's copies and comparisons were told.
    func selection(orOf journal: Journal) throws -> Selection {
        guard !isSaid, let recorded = Selection(recordedIn: journal) else { return try selection() }
        return recorded
    }

    /// As it was said.
    var said: MoveSelection { MoveSelection(prefixes: filterPrefix, names: secret, maps: [map].compactMap { $0 }) }

    /// As a journal keeps it: good in any folder.
    var recorded: MoveSelection {
        MoveSelection(prefixes: filterPrefix, names: secret, maps: [map].compactMap { $0.map(OwnFile.absolute) })
    }
}

/// How values are kept in Parameter Store: what plan and copy take.
struct MoveArguments: ParsableArguments {
    @Option(help: "as-needed, standard, advanced or intelligent-tiering.") var tier = "as-needed"
    @Option(help: "SecureString or String.") var type = "SecureString"
    @Option(
        help: ArgumentHelp(
            "KMS key of the parameters: an id, ARN or alias, or same for each secret's own.", valueName: "key"))
    var kmsKey: String?

    func options() throws -> MoveOptions {
        var options = MoveOptions()
        guard let tier = ParameterTierChoice(rawValue: tier.lowercased()) else {
            throw CommandFailure(.usage, "--tier must be as-needed, standard, advanced or intelligent-tiering")
        }
        guard let kind = ParameterKind(rawValue: type), kind != .stringList else {
            throw CommandFailure(.usage, "--type must be SecureString or String")
        }
        guard kmsKey == nil || kind == .secureString else {
            throw CommandFailure(.usage, "--kms-key is for SecureString")
        }
        options.tier = tier
        options.kind = kind
        if let kmsKey { options.key = kmsKey == "same" ? .sameAsSecret : .key(kmsKey) }
        return options
    }
}

/// How fast Parameter Store is written to: what copy and restore take.
struct RateArguments: ParsableArguments {
    @Option(help: "Writes a second to Parameter Store, 1 to 1000; an account has 3 by default.")
    var writesPerSecond = 3

    func validate() throws {
        guard (1...1000).contains(writesPerSecond) else {
            throw ValidationError("--writes-per-second must be 1 to 1000")
        }
    }
}
