internal import ArgumentParser
internal import Glibc
internal import LatchkeySettings

/// `latchkey exec`.
struct ExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a program with the application's secrets in its environment.",
        discussion: """
            The fields of the blob become variables; names that are already set keep their values. The program \
            replaces this process: it has the same process id, gets the signals, and its exit code is returned. Exit \
            codes of exec itself, if the program does not start: 1 the blob or a field of --only does not exist, 64 \
            usage, 69 upstream unavailable, 77 denied, 78 configuration or --strict, 126 the program cannot be run, \
            127 it was not found.
            """)

    @Flag(help: "Start from an empty environment, except for PATH, HOME and similar variables.") var pristine = false
    @OptionGroup var options: VariableOptions
    @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.") var command: [String] = []

    func validate() throws {
        if command.isEmpty { throw ValidationError("no program is named: latchkey exec -- PROGRAM [ARGUMENT …]") }
    }

    func run() async throws {
        let replacement = Replacement.prepare()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .client)
            let variables = try await options.variables(settings).variables
            let environment = ChildEnvironment(
                inherited: CommandEnvironment.entries, adding: variables, isPristine: pristine)
            if options.strict, !environment.conflicts.isEmpty {
                throw CommandFailure(
                    .configuration,
                    "already set to another value: \(environment.conflicts.joined(separator: ", ")); unset them, or omit "
                        + "--strict to keep these values")
            }
            let reason = replacement.become(argumentCount: command.count, environment: environment.entries)
            let name = Table.clean(command.first ?? "")
            Terminal.printError("\(name): \(reason == ENOENT ? "not found" : String(cString: strerror(reason)))")
            // The exit codes of a shell (POSIX.1-2024, XCU 2.8.2).
            throw ExitCode(reason == ENOENT ? 127 : 126)
        }
    }
}
