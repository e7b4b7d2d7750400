internal import ArgumentParser

/// `latchkey completions`.
struct CompletionsCommand: AsyncParsableCommand {
    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish
    }

    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Print the completions for a shell.",
        discussion: """
            bash: latchkey completions bash > /etc/bash_completion.d/latchkey. zsh: the file _latchkey in a folder of \
            $fpath. fish: the file latchkey.fish in ~/.config/fish/completions.
            """)

    @Argument(help: "bash, zsh or fish.") var shell: Shell

    func run() async throws {
        try await finishing {
            let kind: CompletionShell =
                switch shell {
                case .bash: .bash
                case .zsh: .zsh
                case .fish: .fish
                }
            try Terminal.deliver(Array(Latchkey.completionScript(for: kind).utf8) + [0x0A])
        }
    }
}
