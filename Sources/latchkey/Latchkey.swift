internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeySettings

/// The command line's root.
struct Latchkey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latchkey",
        abstract: "Secrets and machine-to-machine tokens from one trusted place inside the network.",
        discussion: """
            Settings come from flags, the environment and the file that LATCHKEY_CONFIG names; `latchkey config` \
            shows them all. Exit codes: 0 done, 1 the condition does not hold, 64 usage, 69 upstream unavailable, 77 \
            denied, 78 configuration.
            """,
        version: BuildInformation.text,
        subcommands: [
            ServeCommand.self, DevCommand.self, InitCommand.self, TokenCommand.self, GetCommand.self, PutCommand.self,
            ExecCommand.self, EnvCommand.self, RenderCommand.self, ConfigCommand.self, HealthCommand.self,
            TopCommand.self, LoadtestCommand.self, TiersCommand.self, DoctorCommand.self, PolicyCommand.self,
            AuditCommand.self, CallersCommand.self, MigrateCommand.self, LambdaExtensionCommand.self,
            CompletionsCommand.self,
        ])
}
