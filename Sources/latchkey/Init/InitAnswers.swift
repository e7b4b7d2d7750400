internal import LatchkeyCore
internal import LatchkeySettings

/// What `latchkey init` must know. Each part comes from its option, or from an answer on the terminal.
struct InitAnswers: Sendable {
    /// The options that were given.
    struct Given: Sendable {
        var prefix, region, listen, caller, secrets, account: String?
    }

    var prefix: String
    var region: String
    var listen: String
    /// The id of the first caller.
    var caller: String
    /// Comma-separated patterns of the secrets that it may have.
    var secrets: String
    /// Twelve digits; nil for any account.
    var account: String?

    /// Asks for what has no value yet.
    ///
    /// - Parameters:
    ///   - isTerminal: whether a user can answer; without one every value without a default is required.
    ///   - ask: returns the answer to a question, or the default for an empty one.
    init(_ given: Given, isTerminal: Bool, ask: (_ question: String, _ value: String?) throws -> String) throws {
        func value(_ option: String?, _ name: String, _ question: String, _ value: String?) throws -> String {
            if let option { return option }
            if isTerminal { return try ask(question, value) }
            guard let value else { throw CommandFailure(.usage, "\(name) is missing, and there is no terminal to ask") }
            return value
        }
        let environment = CommandEnvironment.variables
        let known = ["AWS_REGION", "AWS_DEFAULT_REGION"].compactMap { environment[$0] }.first { !$0.isEmpty }
        prefix = try value(
            given.prefix, "--prefix", "Path of the parameters, such as /orders/prod",
            environment[SettingName.prefix.rawValue])
        region = try value(given.region, "--region", "AWS region", known)
        listen = try value(given.listen, "--listen", "Address to listen on", "127.0.0.1:8700")
        caller = try value(given.caller, "--caller", "Name of the first service that asks", "app")
        secrets = try value(given.secrets, "--secrets", "Secrets that it may have", "**,secrets")
        account = given.account
    }
}
