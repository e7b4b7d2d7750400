internal import LatchkeyCore

/// Quotes words of commands that are printed for the user to run.
enum ShellWord {
    /// The word, quoted for a POSIX shell if necessary.
    static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { ASCII.isLetterOrDigit($0) || "/_.-".utf8.contains($0) }
        return plain && !word.isEmpty ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }
}
