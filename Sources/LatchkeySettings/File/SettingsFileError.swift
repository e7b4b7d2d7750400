/// A line of a settings file that is rejected.
package struct SettingsFileError: Error, Hashable, Sendable {
    /// Counted from 1.
    package let line: Int
    /// What is wrong and how to fix it. Contains no part of the line, which may hold a secret.
    package let reason: String
}
