internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream

/// The parameters that brokers follow, and the variable of functions that follow the guide.
struct BackendSwitch: Sendable {
    /// Looks for what was written: with the pauses between, about 6 s.
    private static let maxChecks = 6
    /// Tries at a function that somebody else is changing, and at a write that is throttled, a second apart at first.
    private static let maxAttempts = 8

    let access: MigrationAccess
    /// `<prefix>/latchkey/backend`.
    let parameter: String
    /// `<prefix>/latchkey/kept`.
    let keptParameter: String

    init(access: MigrationAccess, _ settings: Settings) {
        self.access = access
        parameter = Self.parameter(settings)
        keptParameter = BackendParameters.kept(below: settings.prefix)
    }

    /// What a fleet of these settings follows.
    static func parameter(_ settings: Settings) -> String { BackendParameters.backend(below: settings.prefix) }

    /// What the parameter says; nil where there is none.
    func current() async throws -> String? {
        try await parameterNow()?.value.revealText()
    }

    /// The parameter as it is; nil where there is none. A read of one name is a GetParameter.
    func parameterNow() async throws -> Parameter? { try await now(parameter) }

    /// The secrets that stay in Secrets Manager; nil where there is no parameter that lists them.
    func kept() async throws -> KeptList? {
        try await now(keptParameter)?.value.revealText().flatMap { KeptList($0) }
    }

    private func now(_ name: String) async throws -> Parameter? {
        try await access.require("ssm:GetParameter") { () async throws(AWSError) in
            try await access.parameterStore.get([name], deadline: access.deadline).parameters.first
        }
    }

    /// Writes the backend and reads it back.
    func set(_ backend: BackendInForce) async throws {
        try await set(parameter, to: backend.rawValue, "Where latchkey reads secrets (backend auto)")
    }

    /// Writes the list of kept secrets and reads it back. The Advanced tier holds what the Standard tier does not.
    func set(_ kept: KeptList) async throws {
        try await set(
            keptParameter, to: kept.text, "Secrets that latchkey reads from Secrets Manager after the cut-over")
    }

    private func set(_ name: String, to text: String, _ description: String) async throws {
        let found = try await now(name)
        let value = Secret(text)
        guard found?.value != value else { return }
        var write = ParameterWrite(name: name, value: value, kind: found?.kind ?? .string, overwrites: found != nil)
        write.description = found == nil ? description : nil
        // There is no way back from the Advanced tier.
        if max(value.count, found?.value.count ?? 0) > ParameterTier.standard.maxValueBytes {
            write.tier = ParameterTier.advanced.rawValue
        }
        try await put(write)
        for look in 0..<Self.maxChecks {
            if look > 0 { await TimeSource.systemSleep(.current + .milliseconds(100 << look)) }
            if try await now(name)?.value == value { return }
        }
        throw CommandFailure(.unavailable, "\(name) was written and does not show the new value yet")
    }

    /// The guide's variable of a function; nil where it is not set.
    func function(_ function: String) async throws -> String? {
        try await access.require("lambda:GetFunctionConfiguration") { () async throws(AWSError) in
            try await access.lambda.environment(of: function, deadline: access.deadline)
        }.variables[GuideVariable.name]
    }

    /// A write that was throttled was not done, and may be said again; no other may.
    private func put(_ write: ParameterWrite) async throws {
        for attempt in 1... {
            do throws(AWSError) {
                _ = try await access.parameterStore.write(write, deadline: access.deadline)
                return
            } catch {
                guard error.kind == .throttled, attempt < Self.maxAttempts else {
                    throw CommandFailure(error, action: "ssm:PutParameter")
                }
                await TimeSource.systemSleep(.current + .seconds(min(attempt, 4)))
            }
        }
    }

    /// Sets the guide's variable of a function and leaves every other as it is.
    /// - Returns: what it was before; nil where it was not set.
    func setFunction(_ function: String, _ backend: BackendInForce) async throws -> String? {
        var before: String?
        for attempt in 1... {
            do throws(AWSError) {
                var environment = try await access.lambda.environment(of: function, deadline: access.deadline)
                before = attempt == 1 ? environment.variables[GuideVariable.name] : before
                let merged = GuideVariable.merged(into: environment.variables, backend)
                guard merged != environment.variables else { return before }
                environment.variables = merged
                try await access.lambda.setEnvironment(of: function, to: environment, deadline: access.deadline)
                return before
            } catch {
                // Somebody else changed it, or it is still being changed: look again, so that nothing of theirs is lost.
                let passes = ["ResourceConflictException", "PreconditionFailedException"].contains(error.code ?? "")
                guard attempt < Self.maxAttempts, passes || error.kind == .throttled || error.kind == .unavailable
                else {
                    throw CommandFailure(error, action: "lambda:UpdateFunctionConfiguration")
                }
                await TimeSource.systemSleep(.current + .seconds(min(attempt, 4)))
            }
        }
        return before
    }
}
