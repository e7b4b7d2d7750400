internal import Glibc

/// Asks before something is written.
enum Confirmation {
    /// Whether somebody at a terminal typed yes; false where there is no terminal.
    static func asks(_ question: String) -> Bool {
        guard isatty(STDIN_FILENO) == 1 else { return false }
        Terminal.writeError("\(question) type yes: ")
        return readLine() == "yes"
    }

    /// Whether there is somebody to ask.
    static var isPossible: Bool { isatty(STDIN_FILENO) == 1 }
}
