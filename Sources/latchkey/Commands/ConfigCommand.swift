internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeySettings

/// `latchkey config`.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print every effective setting and where it came from.")

    @OptionGroup var flags: SettingFlags
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        try await finishing {
            let settings = try CommandEnvironment.settings(flags: flags.values, need: .client)
            let report = SettingsReport(settings)
            Terminal.print(json ? report.json.text : report.text)
        }
    }
}
