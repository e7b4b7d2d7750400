internal import ArgumentParser

/// `latchkey dev`.
struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "dev", abstract: "Run on embedded upstreams.")

    func run() async throws {}
}
