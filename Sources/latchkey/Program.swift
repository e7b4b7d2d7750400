internal import ArgumentParser
internal import Dispatch
internal import Glibc

/// The entry point. A broker must be confined before the process has a second thread, and Swift runs an asynchronous
/// `main` on other threads. So a ``ConfinedCommand`` begins here, on the only thread.
@main
enum Program {
    static func main() {
        if let message = UnknownCommand.message(Array(CommandLine.arguments.dropFirst()), root: Latchkey.self) {
            Terminal.printError(message)
            Terminal.end(ExitStatus.usage.rawValue)
        }
        // An error is reported below, by the same parser.
        if let command = try? Latchkey.parseAsRoot() as? any ConfinedCommand { start(command) } else { start() }
        dispatchMain()
    }

    /// Runs any other command.
    private static func start() {
        Task.detached {
            do {
                var command = try Latchkey.parseAsRoot()
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
            } catch {
                end(error)
            }
            exit(EXIT_SUCCESS)
        }
    }

    private static func start(_ command: some ConfinedCommand) {
        let prepared = command.prepare()
        Task.detached {
            do {
                try await command.run(prepared)
            } catch {
                end(error)
            }
        }
    }

    /// Ends the process as the parser does, with a usage that fits a terminal. Help is an error of the parser, with the
    /// exit code of success.
    private static func end(_ error: any Error) -> Never {
        let text = Latchkey.fullMessage(for: error)
        let shown = UsageLines.broken(text)
        guard shown != text else { Latchkey.exit(withError: error) }
        let status = Latchkey.exitCode(for: error)
        Terminal.write(Array("\(shown)\n".utf8), to: status.isSuccess ? STDOUT_FILENO : STDERR_FILENO)
        Terminal.end(status.rawValue)
    }
}
