internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream

/// `latchkey put`.
struct PutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Write one secret to Parameter Store.",
        discussion: """
            The value comes from standard input or a file, never from the command line, where other users could read \
            it. One line end at its end, LF or CR LF, is removed. Without --tier a value may have \
            \(ParameterTier.standard.maxValueBytes) bytes. Overwriting needs confirmation on a terminal, or --yes. \
            --field changes one field of a JSON object, such as the blob `secrets`, and leaves every other byte \
            unchanged; it does not ask. Exit code 1 if the parameter exists and is not overwritten, if --field finds \
            no JSON object, or if another write happened at the same time.
            """)

    @Argument(help: "The key below the prefix.") var key: String
    @Option(help: "Read the value from this file.") var file: String?
    @Option(help: "Set this field of the JSON object to the value, as a string.") var field: String?
    @Option(help: "SecureString or String.") var type = "SecureString"
    @Option(
        help:
            "standard, advanced, intelligent-tiering or as-needed (advanced for more than \(ParameterTier.standard.maxValueBytes) bytes)."
    )
    var tier: String?
    @Option(help: ArgumentHelp("KMS key of the parameter: an id, ARN or alias.", valueName: "key")) var kmsKey: String?
    @Flag(help: "Overwrite an existing parameter.") var yes = false
    @Flag(help: "Write the key secrets even if the value is not a JSON object.") var force = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .upstreams)
            guard let key = SecretKey(key) else {
                throw CommandFailure(
                    .usage,
                    "not a valid key: use only letters, digits and . - _ /, and nothing below auth0-cache or latchkey")
            }
            let (kind, tier) = (try checkedKind(), try chosenTier())
            let value = try PutValue.read(file, tier: tier)
            if field == nil {
                try PutValue.requireFit(value, tier: tier)
                if key == .blob, !force { try PutValue.requireObject(value) }
            }
            let access = try await DirectAccess(settings)
            let put = ParameterPut(
                store: access.upstreams.parameterStore, name: "\(settings.prefix)/\(key.name)", kind: kind, tier: tier,
                keyID: kmsKey, deadline: access.deadline)
            try await write(value, put)
            if key != .blob { await Self.warnIfHidden(key, settings, access) }
        }
    }

    private func checkedKind() throws -> Parameter.Kind {
        guard let kind = Parameter.Kind(rawValue: type), kind != .stringList else {
            throw CommandFailure(.usage, "--type must be SecureString or String")
        }
        guard kmsKey == nil || kind == .secureString else {
            throw CommandFailure(.usage, "--kms-key needs --type SecureString")
        }
        guard kmsKey.map({ ParameterWrite.isKeyID($0) }) ?? true else {
            throw CommandFailure(.usage, "--kms-key must be a key's id, ARN or alias")
        }
        return kind
    }

    private func chosenTier() throws -> ParameterTierChoice? {
        guard let tier else { return nil }
        guard let choice = ParameterTierChoice(rawValue: tier.lowercased()) else {
            throw CommandFailure(.usage, "--tier must be standard, advanced, intelligent-tiering or as-needed")
        }
        return choice
    }

    private func write(_ value: Secret, _ put: ParameterPut) async throws {
        do {
            let version =
                if let field { try await put.change(field: field, to: value.revealText() ?? "") } else {
                    try await written(value, put)
                }
            Terminal.print("\(put.name) version \(version)")
        } catch let error as AWSError {
            throw failure(error)
        }
    }

    private func written(_ value: Secret, _ put: ParameterPut) async throws -> Int64 {
        if !yes {
            if let version = try await put.create(value) { return version }
            guard Confirmation.asks("\(put.name) already exists. It will be overwritten.") else {
                throw CommandFailure(.failed, "\(put.name) already exists: overwrite it with --yes")
            }
        }
        return try await put.overwrite(value)
    }

    private func failure(_ error: AWSError) -> CommandFailure {
        let failure = CommandFailure(UpstreamFault(error, from: .parameterStore), what: "parameter")
        if let kmsKey, error.concernsKMSKey {
            return CommandFailure(
                failure.status,
                "the KMS key \(kmsKey) cannot be used: check that it exists and that this role may encrypt with it")
        }
        return error.hint.map { CommandFailure(failure.status, "\(failure.message): \($0)") } ?? failure
    }

    /// Warns if brokers will not return the value just written, because the blob has a field of this name, which takes
    /// precedence over a parameter.
    private static func warnIfHidden(_ key: SecretKey, _ settings: Settings, _ access: DirectAccess) async {
        let blob = "\(settings.prefix)/\(SecretKey.blob.name)"
        do throws(AWSError) {
            let found = try await access.upstreams.parameterStore.get(blob, deadline: access.deadline)
            guard let document = try? JSONDocument(found.value.reveal(), limits: .document),
                document.root.member(key.name.utf8) != nil
            else { return }
            Terminal.printError(
                "the parameter is hidden: \(blob) has a field \(key.name), and brokers return that field. To change "
                    + "it: latchkey put \(SecretKey.blob.name) --field \(key.name)")
        } catch {
            guard error.kind != .notFound else { return }
            Terminal.printError("cannot tell whether a field of \(blob) hides the parameter: \(blob) cannot be read")
        }
    }
}
