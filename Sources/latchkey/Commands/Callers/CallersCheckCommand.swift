internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeySettings

/// `latchkey callers check`.
struct CallersCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Explain whether a caller may have a secret or a token profile.",
        discussion: """
            The exit code is 1 if it may not. No broker is asked.
            """)

    @OptionGroup var store: CallersStore
    @Argument(help: "The id of the caller.") var id: String
    @Argument(help: "The name of the secret, as after /secrets/.") var name: String
    @Flag(help: "The name is that of a token profile.") var profile = false

    func run() async throws {
        try await finishing {
            let file = try store.callers()
            guard let caller = file.callers.first(where: { $0.caller.id == id })?.caller else {
                throw CommandFailure(.failed, "no caller of the file has the id \(id)")
            }
            let request = AccessRequest(
                scopes: profile ? .token : .secrets, target: profile ? .profile(name) : .secret(name))
            let decision = AccessDecision(request, by: caller, mode: file.mode, at: Timing.system.now().wall)
            switch decision {
            case .allowed: Terminal.print("\(Terminal.styled("allowed", .good)): \(allowance(caller))")
            case .wouldDeny(let reason):
                let start = Terminal.styled("allowed", .warning)
                Terminal.print("\(start) by the mode observe; enforce would deny it: \(explanation(reason, caller))")
            case .denied(let reason): throw CommandFailure(.failed, "denied: \(explanation(reason, caller))")
            }
        }
    }

    private func allowance(_ caller: Caller) -> String {
        if profile { return "the profile is in its list" }
        return "the pattern \(Table.clean(caller.secrets.pattern(for: name) ?? "")) gives it"
    }

    private func explanation(_ reason: AccessReason, _ caller: Caller) -> String {
        switch reason {
        case .expired: "its not_after has passed"
        case .scope: "it lacks the scope \(profile ? "token" : "secrets")"
        case .pattern: "none of its patterns gives the secret"
        case .excluded: "the pattern !\(Table.clean(caller.secrets.exclusion(of: name) ?? "")) takes the secret away"
        case .profile: "the profile is not in its list"
        }
    }
}
