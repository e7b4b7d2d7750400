internal import Glibc

extension Terminal {
    /// Writes to standard error without a prefix.
    static func writeError(_ text: String) { write(Array(text.utf8), to: STDERR_FILENO) }
}
