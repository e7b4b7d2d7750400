internal import ArgumentParser
internal import Glibc
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeySettings

extension AsyncParsableCommand {
    /// Runs a command's body. A failure becomes a message on standard error and an exit code.
    func finishing(_ body: () async throws -> Void) async throws {
        do {
            try await body()
            Terminal.end(ExitStatus.done.rawValue)
        } catch let failure as CommandFailure {
            Terminal.printError(failure.message)
            Terminal.end(failure.status.rawValue)
        } catch let error as OwnFileError {
            Terminal.printError(error.message)
            Terminal.end(ExitStatus.usage.rawValue)
        } catch let problems as SettingsError {
            for line in problems.lines { Terminal.printError(line) }
            Terminal.end(ExitStatus.configuration.rawValue)
        } catch let code as ExitCode {
            Terminal.end(code.rawValue)
        }
    }
}
