internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyUpstream

/// Writes one parameter for `put`.
struct ParameterPut {
    let store: ParameterStore
    /// The parameter's full name.
    let name: String
    let kind: Parameter.Kind
    /// The requested tier and KMS key; nil keeps those of an existing parameter.
    let tier: ParameterTierChoice?
    let keyID: String?
    let deadline: MonotonicTime

    /// Creates the parameter.
    /// - Returns: its version; nil if the parameter exists.
    func create(_ value: Secret, isRetried: Bool = true) async throws(AWSError) -> Int64? {
        let made = request(value, kind, keyID, overwrites: false)
        do throws(AWSError) {
            return try await store.write(made, isRetried: isRetried, deadline: deadline)
        } catch {
            guard error.kind == .alreadyExists else { throw error }
            return nil
        }
    }

    /// Overwrites the parameter, keeping its KMS key.
    func overwrite(_ value: Secret) async throws(AWSError) -> Int64 {
        var key = keyID
        if key == nil, kind == .secureString { key = try await describe()?.ownKey }
        return try await store.write(
            request(value, kind, key, overwrites: true), isRetried: true, deadline: deadline)
    }

    /// Changes one member of the JSON object in the parameter and keeps every other byte. Parameter Store has no
    /// conditional write, so a concurrent write is detected only afterwards, by the version.
    /// - Returns: the version written.
    func change(field: String, to text: String) async throws -> Int64 {
        guard let found = try await read() else { return try await createObject(field, text) }
        guard found.kind == .secureString || keyID == nil else {
            throw CommandFailure(
                .usage, "\(name) has the type \(found.kind.rawValue), which is not encrypted: omit --kms-key")
        }
        let value = try Self.changed(found.value, parameter: name, field: field, text: text)
        let description = try await describe()
        let isAdvanced =
            description?.tier == ParameterTier.advanced.rawValue
            || found.value.count > ParameterTier.standard.maxValueBytes
        try PutValue.requireFit(value, tier: tier, existing: isAdvanced ? .advanced : .standard)
        var key: String?
        if found.kind == .secureString { key = keyID ?? description?.ownKey }
        let version = try await store.write(request(value, found.kind, key, overwrites: true), deadline: deadline)
        guard version == found.version &+ 1 else { throw Self.lostUpdate(name, read: found.version, written: version) }
        return version
    }

    /// The current parameter; nil if it does not exist.
    private func read() async throws(AWSError) -> Parameter? {
        do throws(AWSError) {
            return try await store.get(name, deadline: deadline)
        } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }

    private func createObject(_ field: String, _ text: String) async throws -> Int64 {
        let value = Secret(JSON.object([field: .string(text)]).bytes())
        try PutValue.requireFit(value, tier: tier)
        guard let version = try await create(value, isRetried: false) else {
            throw CommandFailure(
                .failed, "\(name) was created concurrently and was not changed: try again")
        }
        return version
    }

    private static func changed(
        _ value: Secret, parameter name: String, field: String, text: String
    ) throws -> Secret {
        var why = "not a JSON object"
        do throws(JSONError) {
            let document = try JSONDocument(value.reveal(), limits: .document)
            if let bytes = document.setting(member: field, to: text) { return Secret(bytes) }
        } catch {
            why = "\(error)"
        }
        throw CommandFailure(.failed, "\(name) has no fields, because it is \(why): rewrite the whole value")
    }

    private static func lostUpdate(_ name: String, read: Int64, written: Int64) -> CommandFailure {
        CommandFailure(
            .failed,
            "\(name) was changed concurrently: version \(read) was read, and this command wrote "
                + "version \(written). The change of version \(read &+ 1) is lost unless you write it again; see it with: "
                + "aws ssm get-parameter --with-decryption --name \(name):\(read &+ 1)")
    }

    private func request(_ value: Secret, _ kind: Parameter.Kind, _ keyID: String?, overwrites: Bool) -> ParameterWrite
    {
        var write = ParameterWrite(name: name, value: value, kind: kind, overwrites: overwrites)
        write.tier = tier?.requested(for: value.count)
        write.keyID = keyID
        return write
    }

    /// The parameter's metadata. They are needed because a write without a KMS key moves a SecureString to the
    /// account's default key (PutParameter, `KeyId`). Nil if it does not exist or may not be described.
    private func describe() async throws(AWSError) -> ParameterDescription? {
        do throws(AWSError) {
            return try await store.describe([name], deadline: deadline).first
        } catch {
            guard error.kind == .denied else { throw error }
            if keyID == nil {
                Terminal.printError(
                    "ssm:DescribeParameters is refused, so the KMS key of \(name) is unknown: the value is encrypted "
                        + "with the account's default key; use --kms-key to choose another key")
            }
            return nil
        }
    }
}

extension ParameterDescription {
    /// The KMS key, unless it is the account's default key.
    fileprivate var ownKey: String? { keyID == "alias/aws/ssm" ? nil : keyID }
}
