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
            The value comes from standard input or a file, never from the command line, where others could read it. \
            One line end at its end, LF or CR LF, is left out. Without --tier a value may have 4096 bytes. Writing over \
            a parameter asks at a terminal and needs --yes without one. --field changes one field of a JSON object, such \
            as the one that secrets holds, and leaves every other byte of it as it is; it does not ask. Exit code 1 says \
            that somebody else wrote at the same time.
            """)

    @Argument(help: "The key below the prefix.") var key: String
    @Option(help: "Read the value from this file.") var file: String?
    @Option(help: "Set this field of the JSON object to the value, as a string.") var field: String?
    @Option(help: "SecureString or String.") var type = "SecureString"
    @Option(help: "standard, advanced, intelligent-tiering or as-needed, which is advanced over 4096 bytes.")
    var tier: String?
    @Option(help: ArgumentHelp("KMS key of the parameter: an id, ARN or alias.", valueName: "key")) var kmsKey: String?
    @Flag(help: "Write over a parameter that is there.") var yes = false
    @Flag(help: "Write the key secrets even if the value is not a JSON object.") var force = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .upstreams)
            guard let key = SecretKey(key) else {
                throw CommandFailure(
                    .usage, "not a key: letters, digits and . - _ / only, and not below auth0-cache or latchkey")
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
            throw CommandFailure(.usage, "--kms-key is for SecureString")
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
            guard Confirmation.asks("\(put.name) is there already. It will be written over.") else {
                throw CommandFailure(.failed, "\(put.name) is there already: --yes writes over it")
            }
        }
        return try await put.overwrite(value)
    }

    private func failure(_ error: AWSError) -> CommandFailure {
        let failure = CommandFailure(UpstreamFault(error, from: .parameterStore), what: "parameter")
        if let kmsKey, error.concernsKMSKey {
            return CommandFailure(
                failure.status, "the KMS key \(kmsKey) cannot be used: is it there, and may this role encrypt with it?")
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
                "the parameter is hidden: \(blob) has a field \(key.name), and brokers answer with that. To change the "
                    + "field: latchkey put \(SecretKey.blob.name) --field \(key.name)")
        } catch {
            guard error.kind != .notFound else { return }
            Terminal.printError("cannot tell whether a field of \(blob) hides the parameter: \(blob) cannot be read")
        }
    }
}
