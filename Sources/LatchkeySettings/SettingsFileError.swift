/// A line of a settings file that cannot be used.
package struct SettingsFileError: Error, Hashable, Sendable {
    /// Counted from 1.
    package let line: Int
    /// What is wrong and what would be right. Holds nothing of the line, which may be a secret.
    package let reason: String
}
