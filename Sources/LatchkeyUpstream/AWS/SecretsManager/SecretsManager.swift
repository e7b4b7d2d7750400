package import LatchkeyCore
package import LatchkeyCrypto
internal import LatchkeyMetrics

/// One version of a secret as Secrets Manager has it.
package struct SecretVersion: Sendable {
    package var name: String
    package var versionID: String
    package var value: Secret
    /// The secret was stored as bytes (`SecretBinary`) and not as text.
    package var isBinary: Bool
    package var stages: [String]
    /// The service's own members, without the value.
    package var attributes: JSON = [:]
}

/// AWS Secrets Manager.
package struct SecretsManager: Sendable {
    let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// A secret's value: the current one, or that of a version id or a staging label.
    package func get(
        _ id: String, versionID: String? = nil, stage: String? = nil, deadline: MonotonicTime
    ) async throws(AWSError) -> SecretVersion {
        var body: JSONObject = ["SecretId": .string(id)]
        if let versionID { body["VersionId"] = .string(versionID) }
        if let stage { body["VersionStage"] = .string(stage) }
        let answer = try await client.call(
            .secretsManager, "GetSecretValue", .getSecretValue, .object(body), deadline: deadline)
        guard let name = answer["Name"]?.string, let version = answer["VersionId"]?.string else {
            throw AWSError(.invalidAnswer)
        }
        let text = answer["SecretString"]?.string.map { Secret($0) }
        let binary = answer["SecretBinary"]?.string.flatMap { Base64.decode($0) }.map { Secret($0) }
        guard let value = text ?? binary else { throw AWSError(.invalidAnswer) }
        return SecretVersion(
            name: name, versionID: version, value: value, isBinary: text == nil,
            stages: (answer["VersionStages"]?.array ?? []).compactMap(\.string),
            attributes: .object(
                (answer.object ?? [:]).filter { $0.key != "SecretString" && $0.key != "SecretBinary" }))
    }

    /// A secret's DescribeSecret answer, in the service's own words.
    package func description(of id: String, deadline: MonotonicTime) async throws(AWSError) -> JSON {
        try await client.call(
            .secretsManager, "DescribeSecret", .describeSecret, ["SecretId": .string(id)], deadline: deadline)
    }
}
