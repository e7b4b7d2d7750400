internal import ArgumentParser

/// A command that runs a broker, and confines the process before it has a second thread.
protocol ConfinedCommand: AsyncParsableCommand, Sendable {
    associatedtype Prepared: Sendable

    /// Reads the settings and confines the process. Must be called while the process has one thread.
    func prepare() -> Result<Prepared, any Error>

    /// Runs the broker. A failure of the preparation is reported as one of this command.
    func run(_ prepared: Result<Prepared, any Error>) async throws
}

extension ConfinedCommand {
    func run() async throws { try await run(prepare()) }
}
