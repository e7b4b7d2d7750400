/// A line of a shared file that is not valid.
package struct SharedConfigSyntaxError: Error, Hashable, Sendable {
    /// Counted from 1.
    package let line: Int
    /// What is wrong and how to correct it. Holds no part of the file, which may be a secret.
    package let reason: String
}
