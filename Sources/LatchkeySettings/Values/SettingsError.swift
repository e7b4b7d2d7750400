/// Everything that is wrong with the settings.
package struct SettingsError: Error, Sendable {
    /// One line for each problem, the name of the setting first. Never contains the value of a secret.
    package let lines: [String]

    package init(lines: [String]) { self.lines = lines }
}
