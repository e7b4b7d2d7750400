internal import ArgumentParser
internal import LatchkeySettings

/// `latchkey callers revoke`.
struct CallersRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Remove a caller, or its old keys.",
        discussion: """
            Asks for confirmation on a terminal.
            """)

    @OptionGroup var store: CallersStore
    @Argument(help: "The id of the caller.") var id: String
    @Flag(help: "Remove all keys but the newest.") var oldKeys = false
    @Flag(help: "Do not ask for confirmation.") var yes = false

    func run() async throws {
        try await finishing {
            let what = oldKeys ? "the old keys of \(id)" : "the caller \(id) with all its credentials"
            if !yes, Confirmation.isPossible, !Confirmation.asks("This removes \(what).") {
                throw CommandFailure(.failed, "nothing was changed")
            }
            try store.change { edit throws(CallersFileEdit.Problem) in
                try oldKeys ? edit.withdrawingOldKeys(of: id) : edit.removing(id)
            }
        }
    }
}
