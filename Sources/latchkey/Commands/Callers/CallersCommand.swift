internal import ArgumentParser

/// `latchkey callers`.
struct CallersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callers", abstract: "Change and check the callers file.",
        discussion: """
            The file is that of LATCHKEY_CALLERS_FILE, or of --file. A running broker uses a change within a second.
            """,
        subcommands: [
            CallersAddCommand.self, CallersRotateCommand.self, CallersRevokeCommand.self, CallersListCommand.self,
            CallersCheckCommand.self,
        ])
}
