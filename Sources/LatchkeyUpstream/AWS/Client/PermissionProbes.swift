package import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics

// Calls that change nothing, made to see whether they may be made: AWS asks for the permission before it looks at the
// request itself, so that any other error than a denial says that the permission is there.

extension ParameterStore {
    /// Reads by `GetParameter`, encrypted as it lies, so that no key is needed.
    package func probeOne(_ name: String, deadline: MonotonicTime) async throws(AWSError) {
        try await Self.passing([.notFound]) { () async throws(AWSError) in
            try await client.call(
                .parameterStore, "GetParameter", .getParameter, ["Name": .string(name), "WithDecryption": false],
                deadline: deadline)
        }
    }

    /// Reads by `GetParameters`, whatever the number of names.
    /// - Parameters:
    ///   - names: one to ``batch``, without selector.
    ///   - decrypts: without it values come as they lie, and no key is needed.
    /// - Returns: those that are there.
    package func probeSeveral(
        _ names: [String], decrypts: Bool, deadline: MonotonicTime
    ) async throws(AWSError) -> [Parameter] {
        let answer = try await client.call(
            .parameterStore, "GetParameters", .getParameters,
            ["Names": .array(names.map { .string($0) }), "WithDecryption": .bool(decrypts)], deadline: deadline)
        var found: [Parameter] = []
        for entry in answer["Parameters"]?.array ?? [] { found.append(try Parameter(entry)) }
        return found
    }

    /// A write that names a kind of data there is not, which Parameter Store refuses once it knows that the caller may
    /// write (PutParameter, `DataType`). A store that overlooked that would leave alone what is there, and where nothing
    /// is, write what stands for nothing.
    /// - Parameters:
    ///   - keyID: the KMS key that the write would name; nil for `alias/aws/ssm`.
    ///   - hasTags: whether it would carry tags, which takes ssm:AddTagsToResource as well.
    package func probePut(
        _ name: String, keyID: String? = nil, hasTags: Bool = false, deadline: MonotonicTime
    ) async throws(AWSError) {
        var body: JSONObject = [
            "Name": .string(name), "Value": "placeholder", "Type": "SecureString", "DataType": "latchkey:none",
            "Overwrite": false,
        ]
        body["KeyId"] = keyID.map { .string($0) }
        if hasTags { body["Tags"] = AWSTags.json([("latchkey", "probe")]) }
        let request = JSON.object(body)
        try await Self.passing([.invalidRequest, .alreadyExists]) { () async throws(AWSError) in
            try await client.call(
                .parameterStore, "PutParameter", .putParameter, request, deadline: deadline)
        }
    }

    /// Lists below a path, encrypted as it lies and one at the most.
    package func probeList(_ path: String, deadline: MonotonicTime) async throws(AWSError) {
        _ = try await client.call(
            .parameterStore, "GetParametersByPath", .getParametersByPath,
            ["Path": .string(path), "WithDecryption": false, "MaxResults": 1], deadline: deadline)
    }

    fileprivate static func passing(
        _ kinds: Set<AWSError.Kind>, _ call: () async throws(AWSError) -> JSON
    ) async throws(AWSError) {
        do throws(AWSError) {
            _ = try await call()
        } catch {
            if !kinds.contains(error.kind) { throw error }
        }
    }
}

extension SecretsManager {
    /// Lists one secret at the most.
    package func probeList(deadline: MonotonicTime) async throws(AWSError) {
        _ = try await client.call(
            .secretsManager, "ListSecrets", .listSecrets, ["MaxResults": 1], deadline: deadline)
    }
}

extension DynamoDB {
    /// A change on a condition that cannot hold.
    package func probeUpdate(_ key: (name: String, value: String), deadline: MonotonicTime) async throws(AWSError) {
        let never = Update(
            "SET #probe = :none", if: "attribute_exists(#\(key.name)) AND attribute_not_exists(#\(key.name))",
            names: ["probe", key.name], values: [":none": .number(0)])
        do throws(AWSError) {
            try await update(key, never, isRetried: false, deadline: deadline)
        } catch {
            if error.kind != .conditionFailed { throw error }
        }
    }
}
