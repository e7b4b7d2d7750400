internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeySettings

/// The options and steps that cutover and rollback share.
struct SwitchArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A Lambda function whose variable USE_PARAMETER_STORE is also set; may be repeated.", valueName: "name"))
    var lambdaFunction: [String] = []
    @Option(help: ArgumentHelp("The migration's journal.", valueName: "file"))
    var journal = JournalFile.defaultPath
    @Flag(help: "Do not ask for confirmation.") var yes = false
    @Flag(help: "Show what would be done, and do nothing.") var dryRun = false
    @Flag(help: "Print one JSON object.") var json = false

    /// Switches the fleet's backend, and records before and after it who switches it, when, and from what to what.
    ///
    /// The list of kept secrets is written while no broker reads Parameter Store: before a cut-over and after a
    /// rollback.
    ///
    /// - Parameter assess: throws if the switch is not allowed; otherwise returns what it leads to. It is called before
    ///   the confirmation, and again when no other process can write the journal.
    func run(
        _ command: String, to backend: SecretBackend, _ settings: Settings, _ access: MigrationAccess,
        assess: (Journal) async throws -> SwitchAssessment
    ) async throws {
        let backendSwitch = BackendSwitch(access: access, settings)
        let shown = try await assess(try PreparedJournal.peek(journal)?.journal ?? Journal())
        let now = try await backendSwitch.current() ?? "none"
        if dryRun {
            return show(
                now, backend, functions: try await functions(backendSwitch), assessment: shown,
                backendSwitch: backendSwitch, isDone: false)
        }
        if !yes, !json, Confirmation.isPossible {
            for line in shown.page(backendSwitch.keptParameter) { Terminal.print(line) }
        }
        let functions = lambdaFunction.isEmpty ? "" : " and \(lambdaFunction.joined(separator: ", "))"
        guard yes || Confirmation.asks("\(backendSwitch.parameter)\(functions): from \(now) to \(backend.rawValue).")
        else {
            throw CommandFailure(
                Confirmation.isPossible ? .failed : .usage, "nothing was changed: use --yes to skip the confirmation")
        }
        let prepared = try PreparedJournal(path: journal, place: access.region, resumes: true)
        let assessment = try await assess(prepared.journal)
        let from = try await backendSwitch.current() ?? "none"
        let details = ["from": from, "to": backend.rawValue, "parameter": backendSwitch.parameter].merging(
            assessment.details
        ) {
            $1
        }
        let file = try prepared.begin(now: Timing.system.now().wall)
        // Recorded first, so that the journal has a switch that is interrupted.
        try file.record(
            "turn", isClean: false, count: lambdaFunction.count,
            details.merging(lambdaFunction.map { ("lambda \($0)", "asked") }) { $1 })
        let before = try await carryOut(
            command, to: backend, kept: assessment.kept, with: backendSwitch, journal: file, details: details)
        show(from, backend, functions: before, assessment: assessment, backendSwitch: backendSwitch, isDone: true)
    }

    /// Writes the parameters and variables, and records how far that went.
    /// - Returns: the previous value of each function's variable.
    private func carryOut(
        _ command: String, to backend: SecretBackend, kept: KeptList?, with backendSwitch: BackendSwitch,
        journal file: JournalFile,
        details: [String: String]
    ) async throws -> [String: String] {
        var before: [String: String] = [:]
        let done = { details.merging(before.map { ("lambda \($0)", $1) }) { $1 } }
        do {
            if let kept, backend == .parameterStore { try await backendSwitch.set(kept) }
            try await backendSwitch.set(backend)
            if let kept, backend != .parameterStore { try await backendSwitch.set(kept) }
            for function in lambdaFunction {
                before[function] = try await backendSwitch.setFunction(function, backend) ?? "unset"
            }
        } catch {
            // Records the completed part before the error ends the command.
            try file.record(command, isClean: false, count: before.count, done())
            throw error
        }
        try file.record(command, isClean: true, count: lambdaFunction.count, done())
        return before
    }

    /// The current value of each function's variable.
    private func functions(_ backendSwitch: BackendSwitch) async throws -> [String: String] {
        var found: [String: String] = [:]
        for function in lambdaFunction { found[function] = try await backendSwitch.function(function) ?? "unset" }
        return found
    }

    /// Refuses to switch the fleet to a store that lacks secrets, because a cleanup of this journal has scheduled them
    /// for deletion.
    /// - Returns: whether secrets are missing and `force` allows the switch.
    func requireSourceSecrets(_ journal: Journal, _ access: MigrationAccess, force: Bool) async throws -> Bool {
        let away = try await InventoryReader(access: access, selection: Selection(map: [:]))
            .away(journal.removed.sorted())
        guard !away.isEmpty, !force else { return !away.isEmpty }
        let some = away.prefix(3).map(Table.clean).joined(separator: ", ") + (away.count > 3 ? ", …" : "")
        throw CommandFailure(
            .failed,
            "\(away.count) secrets are scheduled for deletion in Secrets Manager or already deleted (\(some)): first run latchkey "
                + "migrate cleanup --undo\(ShellWord.journal(self.journal)), then this command; --force switches the "
                + "fleet anyway")
    }

    private func show(
        _ from: String, _ backend: SecretBackend, functions: [String: String], assessment: SwitchAssessment,
        backendSwitch: BackendSwitch, isDone: Bool
    ) {
        if json {
            let members: JSONObject = [
                "done": .bool(isDone), "parameter": .string(backendSwitch.parameter), "from": .string(from),
                "to": .string(backend.rawValue),
                "lambda_functions": .object(JSONObject(functions.mapValues { .string($0) })),
            ]
            return Terminal.print(JSON.object(members.merging(assessment.members)).text)
        }
        Terminal.print(
            "\(backendSwitch.parameter): \(Table.clean(from)) -> \(backend.rawValue)\(isDone ? "" : ", not done")")
        for (function, before) in functions.sorted(by: { $0.key < $1.key }) {
            let value = backend == .parameterStore ? "true" : "false"
            Terminal.print("\(Table.clean(function)): \(BackendVariable.name) \(Table.clean(before)) -> \(value)")
        }
        for line in assessment.page(backendSwitch.keptParameter) { Terminal.print(line) }
    }
}
