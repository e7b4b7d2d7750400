internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyUpstream

/// Writes one parameter as `put` was asked to.
struct ParameterPut {
    let store: ParameterStore
    /// The parameter's full name.
    let name: String
    let kind: Parameter.Kind
    /// The tier and the KMS key that were asked for; nil leaves a parameter that is there as it is.
    let tier: ParameterTierChoice?
    let keyID: String?
    let deadline: MonotonicTime

    /// Makes the parameter.
    /// - Returns: its version; nil where there is one of that name.
    func create(_ value: Secret, isRetried: Bool = true) async throws(AWSError) -> Int64? {
        let made = request(value, kind, keyID, overwrites: false)
        do throws(AWSError) {
            return try await store.write(made, isRetried: isRetried, deadline: deadline)
        } catch {
            guard error.kind == .alreadyExists else { throw error }
            return nil
        }
    }

    /// Writes over what is there, under the KMS key that it has.
    func overwrite(_ value: Secret) async throws(AWSError) -> Int64 {
        var key = keyID
        if key == nil, kind == .secureString { key = try await describe()?.ownKey }
        return try await store.write(
            request(value, kind, key, overwrites: true), isRetried: true, deadline: deadline)
    }

    /// Sets one member of the JSON object that the parameter holds, and leaves every other byte of it as it is. Parameter
    /// Store has no condition for a write, so a concurrent one is known afterwards alone, by the version.
    /// - Returns: the version written.
    func change(field: String, to text: String) async throws -> Int64 {
        guard let found = try await read() else { return try await createObject(field, text) }
        guard found.kind == .secureString || keyID == nil else {
            throw CommandFailure(.usage, "\(name) is a \(found.kind.rawValue), which no KMS key encrypts")
        }
        let value = try Self.changed(found.value, name, field, text)
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

    /// The parameter as it is; nil where there is none.
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
                .notSo, "\(name) was made by somebody else at the same time and is as they left it: try again")
        }
        return version
    }

    private static func changed(
        _ value: Secret, _ name: String, _ field: String, _ text: String
    ) throws -> Secret {
        var why = "not a JSON object"
        do throws(JSONError) {
            let document = try JSONDocument(value.reveal(), limits: .document)
            if let bytes = document.setting(member: field, to: text) { return Secret(bytes) }
        } catch {
            why = "\(error)"
        }
        throw CommandFailure(.notSo, "\(name) has no fields, because it is \(why): write the whole of it anew")
    }

    private static func lostUpdate(_ name: String, read: Int64, written: Int64) -> CommandFailure {
        CommandFailure(
            .notSo,
            "\(name) was changed by somebody else at the same time: version \(read) was read, and this command wrote "
                + "version \(written). What version \(read &+ 1) changed is lost unless you write it again; see it with: "
                + "aws ssm get-parameter --with-decryption --name \(name):\(read &+ 1)")
    }

    private func request(_ value: Secret, _ kind: Parameter.Kind, _ keyID: String?, overwrites: Bool) -> ParameterWrite
    {
        var write = ParameterWrite(name: name, value: value, kind: kind, overwrites: overwrites)
        write.tier = tier?.requested(for: value.count)
        write.keyID = keyID
        return write
    }

    /// How the parameter is kept, so that it can be kept so: a write that names no KMS key moves a SecureString to the
    /// account's default key (PutParameter, `KeyId`). Nil where there is none, or where that may not be seen.
    private func describe() async throws(AWSError) -> ParameterDescription? {
        do throws(AWSError) {
            return try await store.describe([name], deadline: deadline).first
        } catch {
            guard error.kind == .denied else { throw error }
            if keyID == nil {
                Terminal.complain(
                    "ssm:DescribeParameters is refused, so nobody knows which KMS key \(name) is under: it is written "
                        + "under the account's default key, and --kms-key names another")
            }
            return nil
        }
    }
}

extension ParameterDescription {
    /// The KMS key, where it is not the account's default one.
    fileprivate var ownKey: String? { keyID == "alias/aws/ssm" ? nil : keyID }
}
