internal import ArgumentParser
internal import LatchkeySettings

/// `latchkey env`.
struct EnvCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env", abstract: "Print the application's secrets as variables.",
        discussion: """
            Prints the fields of the blob, sorted by name, from the broker at LATCHKEY_URL or directly from the \
            store. What the environment already has is ignored. In a shell: eval "$(latchkey env --format shell)". \
            Values are printed in full, to a terminal too. To run one program with them, use `latchkey exec`, which \
            needs neither a file nor a shell.
            """)

    @Option(help: "dotenv, json or shell.") var format: VariableFormat = .dotenv
    @OptionGroup var options: VariableOptions

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .client)
            let variables = try await options.variables(settings).variables
            let unsupported = format.unsupported(variables)
            guard unsupported.isEmpty else {
                let names = unsupported.map(Table.clean).joined(separator: ", ")
                throw CommandFailure(.configuration, "\(names): \(SecretVariables.Flaw.notAName); use --format json")
            }
            try Terminal.deliver(format.render(variables))
        }
    }
}

extension VariableFormat: ExpressibleByArgument {}
