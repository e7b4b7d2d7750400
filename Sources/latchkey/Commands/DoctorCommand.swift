internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeySettings

/// `latchkey doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check everything that the broker depends on, and print what to do.",
        discussion: """
            Settings, endpoints, clock, credentials, each permission, the KMS key, the blob, the shared token, the \
            issuers. Run it with the environment and user of the broker. Changes nothing: write permissions are \
            checked with requests that AWS does not carry out. Requests one token for each profile, which counts \
            against the quota of its issuer. Exit code 0 if there are no problems (warnings count only with \
            --strict); otherwise 78, 77 or 69, whichever problem to fix first, and 1 for any other.
            """)

    @Flag(help: "Do not request tokens from issuers.") var noToken = false
    @Flag(help: "Count warnings as problems: exit code 1 if there are no others.") var strict = false
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
