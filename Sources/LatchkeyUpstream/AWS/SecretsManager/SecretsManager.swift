package import LatchkeyCore

/// AWS Secrets Manager.
package struct SecretsManager: Sendable {
    let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// A secret's current value, or that of a version id or a staging label.
    package func get(
        _ id: String, versionID: String? = nil, stage: String? = nil, deadline: MonotonicTime
    ) async throws(AWSError) -> SecretVersion {
        var body: JSONObject = ["SecretId": .string(id)]
        if let versionID { body["VersionId"] = .string(versionID) }
        if let stage { body["VersionStage"] = .string(stage) }
        return try SecretVersion(try await client.call(.getSecretValue, .object(body), deadline: deadline))
    }

    /// A secret's DescribeSecret response, unchanged.
    package func description(of id: String, deadline: MonotonicTime) async throws(AWSError) -> JSON {
        try await client.call(.describeSecret, ["SecretId": .string(id)], deadline: deadline)
    }
}
