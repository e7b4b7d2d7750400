internal import ArgumentParser

/// The command line's root.
@main
struct Latchkey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latchkey", abstract: "A secrets and token broker.")
}
