package import LatchkeyCore
package import LatchkeyCrypto
internal import LatchkeyMetrics

/// What DescribeSecret and ListSecrets say of one secret.
package struct SecretDescription: Sendable {
    package var name: String
    package var arn: String?
    package var description: String?
    package var keyID: String?
    package var tags: [(key: String, value: String)]
    /// The id of the version staged `AWSCURRENT`.
    package var currentVersionID: String?
    package var rotates: Bool
    /// The ARN of the function that rotates it, and `RotationRules` as JSON text.
    package var rotationFunction: String?
    package var rotationRules: String?
    /// Every version with a staging label, by its id.
    package var stages: [String: [String]]
    /// Regions with a replica; DescribeSecret alone tells them.
    package var replicas: [String]
    package var primaryRegion: String?
    package var owningService: String?
    package var deletion: WallTime?
    package var lastAccessed: WallTime?
    package var lastChanged: WallTime?

    fileprivate init(_ json: JSON) throws(AWSError) {
        guard let name = json["Name"]?.string else { throw AWSError(.invalidAnswer) }
        self.name = name
        arn = json["ARN"]?.string
        description = json["Description"]?.string
        keyID = json["KmsKeyId"]?.string
        tags = AWSTags.read(json["Tags"])
        rotates = json["RotationEnabled"]?.bool ?? false
        let regions = json["ReplicationStatus"]?.array ?? []
        replicas = regions.compactMap { $0["Region"]?.string }
        primaryRegion = json["PrimaryRegion"]?.string
        owningService = json["OwningService"]?.string
        deletion = Self.date(json["DeletedDate"])
        lastAccessed = Self.date(json["LastAccessedDate"])
        lastChanged = Self.date(json["LastChangedDate"])
        // The two operations name it differently.
        let staged = json["VersionIdsToStages"]?.object ?? json["SecretVersionsToStages"]?.object ?? [:]
        stages = staged.filter { $0.key.utf8.count <= Self.longestVersionID }
            .reduce(into: [:]) { $0[$1.key] = ($1.value.array ?? []).compactMap(\.string) }
            .filter { !$0.value.isEmpty }
        currentVersionID = stages.first { $0.value.contains { $0.hasSameBytes(as: "AWSCURRENT") } }?.key
        rotationFunction = json["RotationLambdaARN"]?.string
        rotationRules = json["RotationRules"]?.object.map { JSON.object($0).text }
    }

    /// Bytes of a version's id (Secrets Manager API Reference, `VersionId`).
    private static let longestVersionID = 64

    /// Epoch seconds with a fraction, perhaps in exponent notation.
    private static func date(_ json: JSON?) -> WallTime? {
        OutsideNumber.date(seconds: json?.double)
    }
}

/// A value for Secrets Manager, with what goes along when the secret is new.
package struct SecretWrite: Sendable {
    package var name: String
    package var value: Secret
    /// Keep it as bytes (`SecretBinary`) and not as text.
    package var isBinary: Bool
    /// 32 to 64 characters; the same again is the same request again (`ClientRequestToken`). The version's id.
    package var token: String
    package var description: String?
    package var keyID: String?
    package var tags: [(key: String, value: String)] = []

    package init(name: String, value: Secret, isBinary: Bool, token: String) {
        self.name = name
        self.value = value
        self.isBinary = isBinary
        self.token = token
    }

    fileprivate func content() throws(AWSError) -> JSONObject {
        if isBinary { return ["SecretBinary": .string(Base64.encode(value.reveal()))] }
        guard let text = value.revealText() else { throw AWSError(.invalidRequest, hint: "the value is not UTF-8") }
        return ["SecretString": .string(text)]
    }
}

extension SecretsManager {
    /// Pages read of one listing, at a hundred secrets a page: an account has 500,000 at the most.
    private static let maxPages = 5000

    /// Every secret whose name begins with `prefix`, those that wait for their deletion included. Replicas' regions are
    /// not among what it tells.
    package func list(
        prefix: String, deadline: MonotonicTime
    ) async throws(AWSError) -> [SecretDescription] {
        var found: [SecretDescription] = []
        var pages = ListPages(limit: Self.maxPages)
        while true {
            var body: JSONObject = ["MaxResults": 100, "IncludePlannedDeletion": true]
            if !prefix.isEmpty { body["Filters"] = [["Key": "name", "Values": [.string(prefix)]]] }
            body["NextToken"] = pages.token.map { .string($0) }
            let answer = try await client.call(
                .secretsManager, "ListSecrets", .listSecrets, .object(body), deadline: deadline)
            for entry in answer["SecretList"]?.array ?? [] {
                let secret = try SecretDescription(entry)
                // The filter goes by words and not by characters.
                if secret.name.utf8.starts(with: prefix.utf8) { found.append(secret) }
            }
            guard try pages.advance(answer["NextToken"]) else { return found }
        }
    }

    /// What is known of one secret besides its value.
    package func describe(_ id: String, deadline: MonotonicTime) async throws(AWSError) -> SecretDescription {
        try SecretDescription(
            try await client.call(
                .secretsManager, "DescribeSecret", .describeSecret, ["SecretId": .string(id)], deadline: deadline))
    }

    /// A secret's resource policy, as JSON text; nil where it has none.
    package func resourcePolicy(_ id: String, deadline: MonotonicTime) async throws(AWSError) -> String? {
        let answer = try await client.call(
            .secretsManager, "GetResourcePolicy", .other, ["SecretId": .string(id)], deadline: deadline)
        return answer["ResourcePolicy"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Makes a secret.
    package func create(_ write: SecretWrite, deadline: MonotonicTime) async throws(AWSError) {
        var body = try write.content()
        body["Name"] = .string(write.name)
        body["ClientRequestToken"] = .string(write.token)
        body["Description"] = write.description.map { .string($0) }
        body["KmsKeyId"] = write.keyID.map { .string($0) }
        if !write.tags.isEmpty { body["Tags"] = AWSTags.json(write.tags) }
        _ = try await client.call(.secretsManager, "CreateSecret", .createSecret, .object(body), deadline: deadline)
    }

    /// Makes a value the current one of a secret that is there.
    package func put(_ write: SecretWrite, deadline: MonotonicTime) async throws(AWSError) {
        var body = try write.content()
        body["SecretId"] = .string(write.name)
        body["ClientRequestToken"] = .string(write.token)
        _ = try await client.call(.secretsManager, "PutSecretValue", .putSecretValue, .object(body), deadline: deadline)
    }

    /// Sets a secret's deletion.
    /// - Parameter days: 7 to 30; until then ``restore(_:deadline:)`` brings it back.
    /// - Returns: when it is deleted.
    package func delete(_ id: String, days: Int, deadline: MonotonicTime) async throws(AWSError) -> WallTime? {
        let answer = try await client.call(
            .secretsManager, "DeleteSecret", .deleteSecret,
            ["SecretId": .string(id), "RecoveryWindowInDays": .integer(Int64(days))], deadline: deadline)
        let date = answer["DeletionDate"]?.double.flatMap { Int64(exactly: ($0 * 1000).rounded()) }
        return date.map { WallTime(milliseconds: $0) }
    }

    /// Takes a secret's deletion back.
    package func restore(_ id: String, deadline: MonotonicTime) async throws(AWSError) {
        _ = try await client.call(
            .secretsManager, "RestoreSecret", .restoreSecret, ["SecretId": .string(id)], deadline: deadline)
    }
}
