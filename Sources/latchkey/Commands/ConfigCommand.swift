internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeySettings

/// `latchkey config`.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print every effective setting and where it came from.",
        discussion: """
            Includes the variables of AWS. Errors follow the table, with exit code 78.
            """)

    @OptionGroup var flags: SettingFlags
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        try await finishing {
            let (settings, problems) = CommandEnvironment.examine(flags: flags.values, need: .client)
            let report = SettingsReport(settings)
            Terminal.print(json ? report.json.text : report.text)
            // The problems follow the table, so that the user sees the values in force and their sources.
            guard problems.isEmpty else { throw SettingsError(lines: problems) }
            _ = try CommandEnvironment.settings(flags: flags.values, need: .client)
        }
    }
}
