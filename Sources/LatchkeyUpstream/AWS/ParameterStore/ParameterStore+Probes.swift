package import LatchkeyCore

// See PermissionProbes.

extension ParameterStore {
    /// Reads with GetParameter. The value stays encrypted, so no permission for its key is needed.
    package func probeGetParameter(_ name: String, deadline: MonotonicTime) async throws(AWSError) {
        try await PermissionProbes.run(expecting: [.notFound]) { () async throws(AWSError) in
            _ = try await client.call(
                .getParameter, ["Name": .string(name), "WithDecryption": false], deadline: deadline)
        }
    }

    /// Reads with GetParameters, even if there is only one name.
    /// - Parameters:
    ///   - names: 1 to ``batch``, without version or label.
    ///   - decrypts: if false, values are returned encrypted and no permission for their keys is needed.
    /// - Returns: the parameters that exist.
    package func probeGetParameters(
        _ names: [String], decrypts: Bool, deadline: MonotonicTime
    ) async throws(AWSError) -> [Parameter] {
        let response = try await client.call(
            .getParameters, ["Names": .array(names.map { .string($0) }), "WithDecryption": .bool(decrypts)],
            deadline: deadline)
        var found: [Parameter] = []
        for entry in response["Parameters"]?.array ?? [] { found.append(try Parameter(entry)) }
        return found
    }

    /// Writes with a data type that does not exist. Parameter Store rejects it once it knows that the caller may write
    /// (API Reference, PutParameter, `DataType`). If a store ignored the data type, the write would leave an existing
    /// parameter alone, and otherwise create one with the value that means "absent".
    /// - Parameters:
    ///   - keyID: the KMS key of the write; nil for `alias/aws/ssm`.
    ///   - hasTags: whether the write has tags, which needs ssm:AddTagsToResource too.
    package func probePutParameter(
        _ name: String, keyID: String? = nil, hasTags: Bool = false, deadline: MonotonicTime
    ) async throws(AWSError) {
        var body: JSONObject = [
            "Name": .string(name), "Value": .string(KeptList.placeholder), "Type": "SecureString",
            "DataType": "latchkey:none", "Overwrite": false,
        ]
        body["KeyId"] = keyID.map { .string($0) }
        if hasTags { body["Tags"] = AWSTags.json([("latchkey", "probe")]) }
        let request = JSON.object(body)
        try await PermissionProbes.run(expecting: [.invalidRequest, .alreadyExists]) { () async throws(AWSError) in
            _ = try await client.call(.putParameter, request, deadline: deadline)
        }
    }

    /// Lists at most one parameter below a path. The value stays encrypted.
    package func probeList(_ path: String, deadline: MonotonicTime) async throws(AWSError) {
        _ = try await client.call(
            .getParametersByPath, ["Path": .string(path), "WithDecryption": false, "MaxResults": 1],
            deadline: deadline)
    }
}
