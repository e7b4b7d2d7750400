internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream

/// Reads and writes the parameters that brokers follow, and the variable `USE_PARAMETER_STORE` of Lambda functions.
struct BackendSwitch: Sendable {
    /// Reads back what was written up to six times; with the pauses this takes about 6 s.
    private static let maxChecks = 6
    /// Attempts for a function that is being changed and for a throttled write, first a second apart.
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

    /// The parameter that a fleet with these settings follows.
    static func parameter(_ settings: Settings) -> String { BackendParameters.backend(below: settings.prefix) }

    /// The parameter's value; nil if it does not exist.
    func current() async throws -> String? {
        try await parameterNow()?.value.revealText()
    }

    /// The parameter itself; nil if it does not exist. Reads one name with GetParameter.
    func parameterNow() async throws -> Parameter? { try await now(parameter) }

    /// The list of kept secrets; nil if its parameter does not exist.
    func kept() async throws -> KeptList? {
        try await now(keptParameter)?.value.revealText().flatMap { KeptList($0) }
    }

    private func now(_ name: String) async throws -> Parameter? {
        try await access.require("ssm:GetParameter") { () async throws(AWSError) in
            try await access.parameterStore.get([name], deadline: access.deadline).parameters.first
        }
    }

    /// Writes the backend and reads it back.
    func set(_ backend: FleetBackend) async throws {
        try await set(parameter, to: backend.rawValue, "Where latchkey reads secrets (backend auto)")
    }

    /// Writes the list of kept secrets and reads it back. A list too large for the Standard tier goes to the Advanced
    /// tier.
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
        // A parameter cannot return from the Advanced tier.
        if max(value.count, found?.value.count ?? 0) > ParameterTier.standard.maxValueBytes {
            write.tier = ParameterTier.advanced.rawValue
        }
        try await put(write)
        for look in 0..<Self.maxChecks {
            if look > 0 { await Timing.systemSleep(.current + .milliseconds(100 << look)) }
            if try await now(name)?.value == value { return }
        }
        throw CommandFailure(.unavailable, "\(name) was written and does not show the new value yet")
    }

    /// The function's variable; nil if it is not set.
    func function(_ function: String) async throws -> String? {
        try await access.require("lambda:GetFunctionConfiguration") { () async throws(AWSError) in
            try await access.lambda.environment(of: function, deadline: access.deadline)
        }.variables[BackendVariable.name]
    }

    /// Retries a throttled write, because it was not carried out. Any other failed write may have been.
    private func put(_ write: ParameterWrite) async throws {
        for attempt in 1... {
            do throws(AWSError) {
                _ = try await access.parameterStore.write(write, deadline: access.deadline)
                return
            } catch {
                guard error.kind == .throttled, attempt < Self.maxAttempts else {
                    throw CommandFailure(error, action: "ssm:PutParameter")
                }
                await Timing.systemSleep(.current + .seconds(min(attempt, 4)))
            }
        }
    }

    /// Sets the function's variable and keeps all others.
    /// - Returns: the previous value; nil if it was not set.
    func setFunction(_ function: String, _ backend: FleetBackend) async throws -> String? {
        var before: String?
        for attempt in 1... {
            do throws(AWSError) {
                var environment = try await access.lambda.environment(of: function, deadline: access.deadline)
                before = attempt == 1 ? environment.variables[BackendVariable.name] : before
                let merged = BackendVariable.merged(into: environment.variables, backend)
                guard merged != environment.variables else { return before }
                environment.variables = merged
                try await access.lambda.setEnvironment(of: function, to: environment, deadline: access.deadline)
                return before
            } catch {
                // The function is being changed by somebody else. Reads it again, so that no change is lost.
                let passes = ["ResourceConflictException", "PreconditionFailedException"].contains(error.code ?? "")
                guard attempt < Self.maxAttempts, passes || error.kind == .throttled || error.kind == .unavailable
                else {
                    throw CommandFailure(error, action: "lambda:UpdateFunctionConfiguration")
                }
                await Timing.systemSleep(.current + .seconds(min(attempt, 4)))
            }
        }
        return before
    }
}
