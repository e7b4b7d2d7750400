internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMigration
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream

/// Checks the broker's use of Parameter Store. Each action is tried by a call that changes nothing.
struct ParameterStoreCheck {
    /// Maximum number of profiles whose three parameters are checked, at 3 writes per second.
    static let maxProfiles = 20

    let store: ParameterStore
    let settings: Settings
    let place: PolicyPlace
    let timeout: Duration

    private var readsSecrets: Bool { settings.backend != .secretsManager }
    private var sharesTokens: Bool { settings.sharedTier == .parameterStore }
    private var blob: String { "\(settings.prefix)/secrets" }
    /// The parameter that brokers with the backend `auto` follow.
    private var backendSwitch: String { BackendParameters.backend(below: settings.prefix) }
    private var deadline: MonotonicTime { .current + timeout }

    private var pairs: [TokenParameters] {
        settings.profiles.prefix(Self.maxProfiles).map {
            TokenParameters(prefix: settings.prefix, profile: $0.name)
        }
    }

    func run() async -> [Finding] {
        var findings: [Finding] = []
        if readsSecrets {
            findings.append(
                await permission("ssm:GetParameter", blob) { name, deadline async throws(AWSError) in
                    try await store.probeGetParameter(name, deadline: deadline)
                })
        }
        let (reading, parameters) = await read()
        findings += reading
        if let parameters { findings += shapes(parameters) }
        if sharesTokens {
            for name in pairs.flatMap({ [$0.token, $0.expires, $0.lease] }) {
                findings.append(
                    await permission("ssm:PutParameter", name) { name, deadline async throws(AWSError) in
                        try await store.probePutParameter(name, deadline: deadline)
                    })
            }
        }
        findings += await excessPermissions()
        return findings
    }

    // MARK: Reading

    /// Reads without decryption first. What fails only with decryption is a problem of the key.
    private func read() async -> ([Finding], [Parameter]?) {
        var names = readsSecrets ? [blob] : []
        if settings.backend == .auto { names.append(backendSwitch) }
        if sharesTokens, let pair = pairs.first { names += [pair.token, pair.expires, pair.lease] }
        guard let first = names.first else { return ([], nil) }
        let finding = await permission("ssm:GetParameters", first) { _, deadline async throws(AWSError) in
            _ = try await store.probeGetParameters(names, decrypts: false, deadline: deadline)
        }
        guard finding.severity == .fine else { return ([finding], nil) }
        do throws(AWSError) {
            let found = try await store.probeGetParameters(names, decrypts: true, deadline: deadline)
            return ([finding, .fine(.key, "kms:Decrypt", "the existing values can be decrypted")], found)
        } catch {
            guard error.kind == .denied else {
                return ([finding, errorFinding("ssm:GetParameters", first).finding(error)], nil)
            }
            return ([finding, AWSErrorFinding.key("the values cannot be decrypted [\(error.code ?? "no code")]")], nil)
        }
    }

    private func shapes(_ parameters: [Parameter]) -> [Finding] {
        var findings: [Finding] = []
        if readsSecrets {
            if let found = parameters.first(where: { $0.name == blob }) {
                findings += BlobShape(name: blob, value: found.value, wanted: settings.fieldsNeededFromBlob).findings
                findings += plain(found)
            } else {
                findings.append(settings.missingBlob(blob))
            }
        }
        if settings.backend == .auto {
            findings.append(backend(parameters.first { $0.name == backendSwitch }?.value.revealText()))
        }
        guard sharesTokens, let pair = pairs.first else { return findings }
        let token = parameters.first { $0.name == pair.token }
        let expires = parameters.first { $0.name == pair.expires }
        findings.append(
            PairShape(name: pair.token, token: token?.value, expires: expires?.value.revealText())
                .finding(now: Timing.system.now(), buffer: ExpiryBuffer(settings.tokenExpiryBuffer)))
        return findings + (token.map { plain($0) } ?? [])
    }

    /// Checks the backend that the parameter names.
    private func backend(_ value: String?) -> Finding {
        guard let value else { return .fine(.settings, backendSwitch, "not there: secrets come from Secrets Manager") }
        guard let backend = SecretBackend(rawValue: value) else {
            return .problem(
                exit: .configuration, .settings, backendSwitch,
                "is not the name of a backend; brokers keep their current one",
                remedy:
                    "write one of these names into it: \(SecretBackend.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        return .fine(.settings, backendSwitch, "says \(backend.rawValue)")
    }

    private func plain(_ parameter: Parameter) -> [Finding] {
        guard parameter.kind != .secureString else { return [] }
        return [
            .warning(
                .key, parameter.name, "is kept as \(parameter.kind.rawValue), which is not encrypted",
                remedy: "delete it and write it as a SecureString: a parameter's type cannot be changed")
        ]
    }

    // MARK: Permissions

    private func errorFinding(_ action: String, _ name: String) -> AWSErrorFinding {
        AWSErrorFinding(action: action, resource: place.parameter(String(name.dropFirst(settings.prefix.count + 1))))
    }

    private func permission(
        _ action: String, _ name: String, _ call: (String, MonotonicTime) async throws(AWSError) -> Void
    ) async -> Finding {
        do throws(AWSError) {
            try await call(name, deadline)
            return .fine(.permission, action, "allowed on \(name)")
        } catch {
            return errorFinding(action, name).finding(error)
        }
    }

    /// Warns about permissions that the broker's role should not have. Reports nothing if the store does not answer.
    private func excessPermissions() async -> [Finding] {
        var findings: [Finding] = []
        let writes = await permission("ssm:PutParameter", blob) { name, deadline async throws(AWSError) in
            try await store.probePutParameter(name, deadline: deadline)
        }
        if writes.severity == .fine {
            findings.append(
                .warning(
                    .permission, "ssm:PutParameter", "these credentials may write \(blob), which the broker never does",
                    remedy: "give the broker the role that latchkey policy prints, and writers the migrator's"))
        }
        return findings + (readsSecrets ? await listing() : [])
    }

    /// Listing is optional, and either choice is valid.
    private func listing() async -> [Finding] {
        let action = "ssm:GetParametersByPath"
        do throws(AWSError) {
            try await store.probeList(settings.prefix, deadline: deadline)
        } catch {
            return error.kind == .denied ? [.unlisted(action)] : []
        }
        return [
            .fine(
                .permission, action,
                "allowed on \(settings.prefix): GET /secrets and get_parameters_by_path are answered, and no Deny on a "
                    + "parameter below holds")
        ]
    }
}
