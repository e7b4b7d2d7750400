internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeySettings
internal import LatchkeyUpstream

/// The parameter that brokers of backend `auto` follow, and the variable of functions that follow the guide.
struct BackendSwitch: Sendable {
    /// Looks for what was written: with the pauses between, about 6 s.
    private static let mostLooks = 6
    /// Tries at a function that somebody else is changing, and at a write that is throttled, a second apart at first.
    private static let mostTries = 8

    let access: MigrationAccess
    /// `<prefix>/latchkey/backend`.
    let parameter: String

    init(access: MigrationAccess, _ settings: Settings) {
        self.access = access
        parameter = Self.parameter(settings)
    }

    /// What a fleet of these settings follows.
    static func parameter(_ settings: Settings) -> String { "\(settings.prefix)/latchkey/backend" }

    /// What the parameter says; nil where there is none.
    func current() async throws -> String? {
        try await parameterNow()?.value.revealText()
    }

    /// The parameter as it is; nil where there is none. A read of one name is a GetParameter.
    func parameterNow() async throws -> Parameter? {
        try await access.require("ssm:GetParameter") { () async throws(AWSError) in
            try await access.parameterStore.get([parameter], deadline: access.deadline).parameters.first
        }
    }

    /// Writes it and reads it back.
    func set(_ backend: BackendInForce) async throws {
        let found = try await parameterNow()
        let value = Secret(backend.rawValue)
        guard found?.value != value else { return }
        var write = ParameterWrite(
            name: parameter, value: value, kind: found?.kind ?? .string, overwrites: found != nil)
        write.description = found == nil ? "Where latchkey reads secrets (backend auto)" : nil
        try await put(write)
        for look in 0..<Self.mostLooks {
            if look > 0 { await TokenIssuer.sleep(.current + .milliseconds(100 << look)) }
            if try await current() == backend.rawValue { return }
        }
        throw CommandFailure(.unavailable, "\(parameter) was written and does not show \(backend.rawValue) yet")
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
                guard error.kind == .throttled, attempt < Self.mostTries else {
                    throw CommandFailure(error, action: "ssm:PutParameter")
                }
                await TokenIssuer.sleep(.current + .seconds(min(attempt, 4)))
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
                guard attempt < Self.mostTries, passes || error.kind == .throttled || error.kind == .unavailable else {
                    throw CommandFailure(error, action: "lambda:UpdateFunctionConfiguration")
                }
                await TokenIssuer.sleep(.current + .seconds(min(attempt, 4)))
            }
        }
        return before
    }
}
