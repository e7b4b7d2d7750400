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
        if let command = try? Latchkey.parseAsRoot() as? any ConfinedCommand {
            start(command)
        } else {
            Task.detached {
                await Latchkey.main()
                exit(EXIT_SUCCESS)
            }
        }
        dispatchMain()
    }

    private static func start(_ command: some ConfinedCommand) {
        let prepared = command.prepare()
        Task.detached {
            do {
                try await command.run(prepared)
            } catch {
                Latchkey.exit(withError: error)
            }
        }
    }
}
