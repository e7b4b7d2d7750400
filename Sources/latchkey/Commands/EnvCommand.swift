internal import ArgumentParser
internal import LatchkeySettings

/// `latchkey env`.
struct EnvCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env", abstract: "Print the application's secrets as variables.",
        discussion: """
            The fields of the blob, sorted by name, from the broker at LATCHKEY_URL or from the store directly; what \
            the environment has set already is not looked at. In a shell: eval "$(latchkey env --format shell)". \
            Values are printed as they are, to a terminal too. To run one program with them, `latchkey exec` needs \
            neither a file nor a shell.
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
