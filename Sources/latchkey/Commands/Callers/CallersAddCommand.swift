internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeySettings

/// `latchkey callers add`.
struct CallersAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a caller and print its new key, once.",
        discussion: """
            Only the digest of the key is in the file. A file that does not exist is created with mode 0600.
            """)

    @OptionGroup var store: CallersStore
    @Argument(help: "The id of the caller.") var id: String
    @Option(help: "Comma-separated list of token, secrets, metrics, admin.") var scopes: String
    @Option(help: "Comma-separated list of patterns of secrets, such as db/*,!db/root.") var secrets: String?
    @Option(help: "Comma-separated list of token profiles. Without it: default.") var profiles: String?
    @Option(help: "When the key ends, such as 2027-06-30T00:00:00Z.") var notAfter: String?

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let key = CallerKey.make()
            let digest = key.withBytes { SHA256.hash($0) }
            var members: [(name: String, value: JSON)] = [
                ("id", .string(id)), ("key_sha256", [.string(digest.hex)]), ("scopes", Self.list(scopes)),
            ]
            if let secrets { members.append(("secrets", Self.list(secrets))) }
            if let profiles { members.append(("profiles", Self.list(profiles))) }
            if let notAfter { members.append(("not_after", .string(notAfter))) }
            try store.change(initial: CallersFileEdit.empty) { edit throws(CallersFileEdit.Problem) in
                try edit.adding(members)
            }
            try Terminal.deliver(key.reveal() + [0x0A])
        }
    }

    private static func list(_ text: String) -> JSON {
        .array(text.utf8.split(separator: UInt8(ascii: ",")).map { .string(String(decoding: $0, as: UTF8.self)) })
    }
}
