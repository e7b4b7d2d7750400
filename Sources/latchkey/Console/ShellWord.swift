/// Quotes words of commands that are printed for the user to run.
enum ShellWord {
    /// The word, quoted for a POSIX shell if necessary.
    static func quoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/_.-".contains($0)) }
        return plain && !word.isEmpty ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }
}
