internal import ArgumentParser
internal import Glibc
internal import LatchkeySettings

/// `latchkey exec`.
struct ExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a program with the application's secrets in its environment.",
        discussion: """
            The fields of the blob become variables; names that are set already keep their values. The program takes \
            this process's place: it has its process id, its signals and its exit code. Exit codes of exec itself, \
            before there is a program: 1 a field of --only is not there, 64 usage, 69 upstream unavailable, 77 denied, \
            78 configuration or --strict, 126 the program cannot be run, 127 it is not found.
            """)

    @Flag(help: "Start from an empty environment, but for PATH, HOME and the like.") var pristine = false
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
                    "set already, to something else: \(environment.conflicts.joined(separator: ", ")); unset them, or "
                        + "leave out --strict to keep what is set")
            }
            let reason = replacement.become(argumentCount: command.count, environment: environment.entries)
            let name = Table.clean(command.first ?? "")
            Terminal.printError("\(name): \(reason == ENOENT ? "not found" : String(cString: strerror(reason)))")
            // The exit codes of a shell (POSIX.1-2024, XCU 2.8.2).
            throw ExitCode(reason == ENOENT ? 127 : 126)
        }
    }
}
