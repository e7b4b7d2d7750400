internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMigration
internal import LatchkeySettings
internal import LatchkeyUpstream

/// `latchkey migrate gate`.
struct MigrateGateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Check whether a broker's shadow comparisons permit the cut-over.",
        discussion: """
            Asks the broker at LATCHKEY_URL, which must run with the backend shadow. Exit code 1 unless it made \
            enough comparisons over the window and all of them were equal. The counts are recorded in the journal, so \
            that a window may begin at an earlier gate; a broker that started within the window does not cover it.
            """)

    @Option(help: "How far back comparisons count, such as 30m, 24h or 7d.") var window = "24h"
    @Option(help: "Minimum number of comparisons.") var minComparisons = 100
    @Option(help: ArgumentHelp("The migration's journal.", valueName: "file"))
    var journal = JournalFile.defaultPath
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard TimeSpan.parse(window) != nil else {
            throw ValidationError("--window must be a number with a unit, such as 90s, 30m, 24h or 7d")
        }
        guard minComparisons >= 1 else { throw ValidationError("--min-comparisons must be 1 or more") }
    }

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .client)
            let prepared = try PreparedJournal(path: journal, place: settings.aws.region, resumes: true)
            let answer = try await BrokerConnection(settings).require("/metrics", accept: "text/plain; version=0.0.4")
            let now = Timing.system.now().wall
            let sample = try BrokerMetrics(answer.body).shadow(at: now)
            let file = try prepared.begin(now: now)
            let gate = ShadowGate(window: TimeSpan.parse(window) ?? .zero, minComparisons: minComparisons)
            let verdict = gate.judge(sample, earlier: file.journal.runs.compactMap { ShadowSample($0) })
            let details = ["parameter": BackendSwitch.parameter(settings)]
            try file.record(
                "gate", isClean: verdict.isOpen, count: sample.matches, details.merging(sample.details) { $1 })
            if json {
                Terminal.print(
                    JSON.object([
                        "open": .bool(verdict.isOpen), "explanation": .string(verdict.explanation),
                        "match": .integer(Int64(sample.matches)), "mismatch": .integer(Int64(sample.mismatches)),
                        "error": .integer(Int64(sample.errors)),
                        "staying": .array(file.journal.staying.map(\.json)),
                    ]).text)
            } else {
                for secret in file.journal.staying { Terminal.print("stays in Secrets Manager: \(secret.line)") }
                let state = verdict.isOpen ? Terminal.styled("open", .good) : Terminal.styled("shut", .bad)
                Terminal.print("\(state): \(verdict.explanation)")
                let advice = StayingSecret.advice(file.journal.staying.count, journal: ShellWord.journal(journal))
                for line in advice { Terminal.print(line) }
            }
            if !verdict.isOpen { throw ExitCode(ExitStatus.failed.rawValue) }
        }
    }
}
