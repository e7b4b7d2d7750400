internal import ArgumentParser
internal import Dispatch
internal import Glibc

/// The entry point. A broker must be confined before the process has a second thread, and Swift runs an asynchronous
/// `main` on other threads. So `serve` begins here, on the only thread.
@main
enum Program {
    static func main() {
        if let message = UnknownCommand.message(Array(CommandLine.arguments.dropFirst()), root: Latchkey.self) {
            Terminal.printError(message)
            Terminal.end(ExitStatus.usage.rawValue)
        }
        // An error is reported below, by the same parser.
        if let serve = try? Latchkey.parseAsRoot() as? ServeCommand {
            let prepared = serve.prepare()
            Task.detached {
                do {
                    try await serve.run(prepared)
                } catch {
                    Latchkey.exit(withError: error)
                }
            }
        } else {
            Task.detached {
                await Latchkey.main()
                exit(EXIT_SUCCESS)
            }
        }
        dispatchMain()
    }
}
