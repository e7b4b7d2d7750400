internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration

/// What cutover and rollback have in common.
struct SwitchArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A Lambda function whose USE_PARAMETER_STORE is set too; may be repeated.", valueName: "name"))
    var lambdaFunction: [String] = []
    @Option(help: ArgumentHelp("The move's journal.", valueName: "file"))
    var journal = MigrateCopyCommand.standardJournal
    @Flag(help: "Do it without asking.") var yes = false
    @Flag(help: "Say what would be done, and do nothing.") var dryRun = false
    @Flag(help: "Print one JSON object.") var json = false

    /// Turns the fleet, and writes down who did, when, from what to what.
    func turn(_ command: String, to backend: BackendInForce, _ settings: Settings, forced: Bool = false) async throws {
        let access = try MigrationAccess(settings)
        let lever = BackendSwitch(access: access, parameter: "\(settings.prefix)/latchkey/backend")
        let from = try await lever.current() ?? "none"
        if dryRun { return show(from, backend, [:], lever, isDone: false) }
        let functions = lambdaFunction.isEmpty ? "" : " and \(lambdaFunction.joined(separator: ", "))"
        guard yes || Confirmation.asks("\(lever.parameter)\(functions): from \(from) to \(backend.rawValue).") else {
            throw CommandFailure(
                Confirmation.isPossible ? .notSo : .usage, "nothing was changed: --yes does it without asking")
        }
        let file = try JournalFile(
            path: journal, place: access.region, resumes: true, now: TimeSource.system.now().wall)
        var details = ["from": from, "to": backend.rawValue, "parameter": lever.parameter]
        if forced { details["forced"] = "true" }
        var before: [String: String] = [:]
        do {
            try await lever.set(backend)
            for function in lambdaFunction {
                before[function] = try await lever.setFunction(function, backend) ?? "unset"
                details["lambda \(function)"] = before[function]
            }
        } catch {
            // What was done so far is done: it must not be forgotten because the rest failed.
            try file.record(command, isClean: false, count: before.count, details)
            throw error
        }
        try file.record(command, isClean: true, count: lambdaFunction.count, details)
        show(from, backend, before, lever, isDone: true)
    }

    private func show(
        _ from: String, _ backend: BackendInForce, _ functions: [String: String], _ lever: BackendSwitch, isDone: Bool
    ) {
        if json {
            return Terminal.print(
                JSON.object([
                    "done": .bool(isDone), "parameter": .string(lever.parameter), "from": .string(from),
                    "to": .string(backend.rawValue),
                    "lambda_functions": .object(functions.mapValues { .string($0) }),
                ]).text)
        }
        Terminal.print("\(lever.parameter): \(Table.clean(from)) -> \(backend.rawValue)\(isDone ? "" : ", not done")")
        for (function, before) in functions.sorted(by: { $0.key < $1.key }) {
            let value = backend == .parameterStore ? "true" : "false"
            Terminal.print("\(Table.clean(function)): \(GuideVariable.name) \(Table.clean(before)) -> \(value)")
        }
    }
}

/// `latchkey migrate cutover`.
struct MigrateCutoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cutover", abstract: "Let the fleet read secrets from Parameter Store.",
        discussion: """
            Writes parameter-store into <prefix>/latchkey/backend, which brokers with the backend auto follow within \
            30 s. Wants a gate or verify in the journal that was clean within the last hour; --force does without, and \
            that is written down. --to shadow begins the comparisons that gate asks for, and wants no proof.
            """)

    enum Goal: String, ExpressibleByArgument, CaseIterable {
        case parameterStore = "parameter-store"
        case shadow
    }

    @OptionGroup var how: SwitchArguments
    @Option(help: "parameter-store or shadow.") var to = Goal.parameterStore
    @Flag(help: "Do it without proof.") var force = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .upstreams)
            guard to == .parameterStore else {
                guard how.lambdaFunction.isEmpty else {
                    throw CommandFailure(.usage, "--lambda-function is for the cut-over itself, not for shadow")
                }
                return try await how.turn("shadow", to: .shadow, settings)
            }
            let known = try JournalFile.peek(how.journal)?.journal ?? Journal()
            let proof = CutoverProof(known, now: TimeSource.system.now().wall)
            guard proof.holds || force else { throw CommandFailure(.notSo, proof.explanation) }
            try await how.turn("cutover", to: .parameterStore, settings, forced: !proof.holds)
        }
    }
}

/// `latchkey migrate rollback`.
struct MigrateRollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Let the fleet read secrets from Secrets Manager again.",
        discussion: """
            Writes secrets-manager into <prefix>/latchkey/backend, which brokers with the backend auto follow within \
            30 s. Secrets that wait for their deletion are brought back with: latchkey migrate cleanup --undo.
            """)

    @OptionGroup var how: SwitchArguments

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .upstreams)
            try await how.turn("rollback", to: .secretsManager, settings)
        }
    }
}
