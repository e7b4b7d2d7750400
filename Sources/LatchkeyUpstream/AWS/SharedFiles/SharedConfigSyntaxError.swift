/// A line of a shared file that cannot be read.
package struct SharedConfigSyntaxError: Error, Hashable, Sendable {
    /// Counted from 1.
    package let line: Int
    /// What is wrong and what would be right. Holds nothing of the file's content, which may be a secret.
    package let reason: String
}
