internal import Glibc

/// Asks for confirmation before something is written.
enum Confirmation {
    /// Whether the user typed "yes"; false without a terminal.
    static func asks(_ question: String) -> Bool {
        guard isatty(STDIN_FILENO) == 1 else { return false }
        Terminal.writeError("\(question) type yes: ")
        return readLine() == "yes"
    }

    /// Whether standard input is a terminal.
    static var isPossible: Bool { isatty(STDIN_FILENO) == 1 }
}
