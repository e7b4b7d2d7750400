internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeySettings

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

    /// Turns the fleet, and writes down before and after it who does, when, from what to what.
    ///
    /// - Parameter judge: throws where it must not be; else says whether it had to be forced. It is asked before the
    ///   question, and again once nobody else can write the journal.
    func turn(
        _ command: String, to backend: BackendInForce, _ settings: Settings, _ access: MigrationAccess,
        judge: (Journal) async throws -> Bool
    ) async throws {
        let lever = BackendSwitch(access: access, settings)
        _ = try await judge(try PreparedJournal.peek(journal)?.journal ?? Journal())
        let now = try await lever.current() ?? "none"
        if dryRun { return show(now, backend, try await functions(lever), lever, isDone: false) }
        let functions = lambdaFunction.isEmpty ? "" : " and \(lambdaFunction.joined(separator: ", "))"
        guard yes || Confirmation.asks("\(lever.parameter)\(functions): from \(now) to \(backend.rawValue).") else {
            throw CommandFailure(
                Confirmation.isPossible ? .notSo : .usage, "nothing was changed: --yes does it without asking")
        }
        let prepared = try PreparedJournal(path: journal, place: access.region, resumes: true)
        let isForced = try await judge(prepared.journal)
        let from = try await lever.current() ?? "none"
        var details = ["from": from, "to": backend.rawValue, "parameter": lever.parameter]
        if isForced { details["forced"] = "true" }
        let file = try prepared.begin(now: TimeSource.system.now().wall)
        // Said before it is done, so that one that is cut off is not forgotten.
        try file.record(
            "turn", isClean: false, count: lambdaFunction.count,
            details.merging(lambdaFunction.map { ("lambda \($0)", "asked") }) { $1 })
        let before = try await carryOut(command, to: backend, lever, file, details)
        show(from, backend, before, lever, isDone: true)
    }

    /// Does it, and writes down how far that went.
    /// - Returns: the guide's variable of each function as it was.
    private func carryOut(
        _ command: String, to backend: BackendInForce, _ lever: BackendSwitch, _ file: JournalFile,
        _ details: [String: String]
    ) async throws -> [String: String] {
        var before: [String: String] = [:]
        let done = { details.merging(before.map { ("lambda \($0)", $1) }) { $1 } }
        do {
            try await lever.set(backend)
            for function in lambdaFunction {
                before[function] = try await lever.setFunction(function, backend) ?? "unset"
            }
        } catch {
            // What was done so far is done: it must not be forgotten because the rest failed.
            try file.record(command, isClean: false, count: before.count, done())
            throw error
        }
        try file.record(command, isClean: true, count: lambdaFunction.count, done())
        return before
    }

    /// The guide's variable of each function as it is.
    private func functions(_ lever: BackendSwitch) async throws -> [String: String] {
        var found: [String: String] = [:]
        for function in lambdaFunction { found[function] = try await lever.function(function) ?? "unset" }
        return found
    }

    /// Refuses to turn the fleet to a store that lacks what it would read there: secrets that a cleanup of this journal
    /// has set to be deleted.
    /// - Returns: whether some are, and force lets it pass.
    func requireOldSecrets(_ journal: Journal, _ access: MigrationAccess, force: Bool) async throws -> Bool {
        let away = try await InventoryReader(access: access, selection: Selection(map: [:]))
            .away(journal.removed.sorted())
        guard !away.isEmpty, !force else { return !away.isEmpty }
        let some = away.prefix(3).map(Table.clean).joined(separator: ", ") + (away.count > 3 ? ", …" : "")
        throw CommandFailure(
            .notSo,
            "\(away.count) secrets wait for their deletion in Secrets Manager or are gone (\(some)): latchkey migrate "
                + "cleanup --undo with the same selection brings back what waits, then this; --force turns the fleet "
                + "all the same")
    }

    private func show(
        _ from: String, _ backend: BackendInForce, _ functions: [String: String], _ lever: BackendSwitch, isDone: Bool
    ) {
        if json {
            return Terminal.print(
                JSON.object([
                    "done": .bool(isDone), "parameter": .string(lever.parameter), "from": .string(from),
                    "to": .string(backend.rawValue),
                    "lambda_functions": .object(JSONObject(functions.mapValues { .string($0) })),
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
    @Flag(help: "Do it without proof, or though secrets that shadow reads wait for their deletion.") var force = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .upstreams)
            let access = try MigrationAccess(settings)
            guard to == .parameterStore else {
                guard how.lambdaFunction.isEmpty else {
                    throw CommandFailure(.usage, "--lambda-function is for the cut-over itself, not for shadow")
                }
                return try await how.turn("shadow", to: .shadow, settings, access) { journal in
                    try await how.requireOldSecrets(journal, access, force: force)
                }
            }
            try await how.turn("cutover", to: .parameterStore, settings, access) { journal in
                let place = try await access.place(journal, settings)
                let proof = CutoverProof(journal, of: place, now: TimeSource.system.now().wall)
                guard proof.holds || force else { throw CommandFailure(.notSo, proof.explanation) }
                return !proof.holds
            }
        }
    }
}

/// `latchkey migrate rollback`.
struct MigrateRollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Let the fleet read secrets from Secrets Manager again.",
        discussion: """
            Writes secrets-manager into <prefix>/latchkey/backend, which brokers with the backend auto follow within \
            30 s. Refused while secrets that a cleanup of this journal has set to be deleted still wait for it: they are \
            brought back with: latchkey migrate cleanup --undo.
            """)

    @OptionGroup var how: SwitchArguments
    @Flag(help: "Do it though secrets wait for their deletion.") var force = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .upstreams)
            let access = try MigrationAccess(settings)
            try await how.turn("rollback", to: .secretsManager, settings, access) { journal in
                try await how.requireOldSecrets(journal, access, force: force)
            }
        }
    }
}
