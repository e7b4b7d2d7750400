internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeySettings

/// `latchkey doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look at everything the broker stands on, and say what to do.",
        discussion: """
            Settings, endpoints, clock, credentials, each permission, the KMS key, the blob, the shared token, the \
            issuers. Run it with the broker's environment and user. It changes nothing: whether something may be \
            written is asked by requests that are never carried out. Each issuer is asked for a token, once, and counts \
            it. Exit code 0 when nothing is wrong, whatever the warnings; else 78, 77 or 69 by what is to be mended \
            first, and 1 for anything else.
            """)

    @Flag(help: "Ask no issuer for a token.") var noToken = false
    @Flag(help: "A warning is a finding too: exit code 1.") var strict = false
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            var diagnosis = try await diagnosis()
            diagnosis.isStrict = strict
            if json {
                Terminal.print(diagnosis.json.text)
            } else {
                for line in diagnosis.page { Terminal.print(line) }
            }
            if diagnosis.status != .done { throw ExitCode(diagnosis.status.rawValue) }
        }
    }

    /// Invalid settings are reported all at once and end the diagnosis, because nothing else can be checked.
    private func diagnosis() async throws -> Diagnosis {
        let settings: Settings
        do throws(SettingsError) {
            settings = try CommandEnvironment.settings(need: .server)
        } catch {
            return Diagnosis(
                error.lines.map { line in
                    let name = String(line.prefix { $0 != ":" && $0 != " " })
                    return .problem(
                        exit: .configuration, .settings, name, line,
                        remedy: "fix it; latchkey config shows all settings")
                })
        }
        return try await Doctor(settings: settings, asksIssuers: !noToken).examine()
    }
}
