internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCrypto
internal import LatchkeySettings

/// `latchkey callers rotate`.
struct CallersRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a caller a new key and print it, once.",
        discussion: """
            The newest key before it stays valid, older ones do not. When the caller uses the new key, \
            `latchkey callers revoke ID --old-keys` ends the other.
            """)

    @OptionGroup var store: CallersStore
    @Argument(help: "The id of the caller.") var id: String

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let key = CallerKey.make()
            let digest = key.withBytes { SHA256.hash($0) }
            try store.change { edit throws(CallersFileEdit.Problem) in try edit.rotating(id, to: digest) }
            try Terminal.deliver(key.reveal() + [0x0A])
        }
    }
}
