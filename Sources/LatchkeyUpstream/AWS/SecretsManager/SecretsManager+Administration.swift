package import LatchkeyCore

extension SecretsManager {
    /// Secrets in one page of ListSecrets (API Reference, `MaxResults`).
    private static let pageSize = 100
    /// Pages of one listing: enough for the 500,000 secrets that an account can have.
    private static let maxPages = 5000

    /// Every secret whose name begins with `prefix`, including those scheduled for deletion. Without the regions of
    /// their replicas.
    package func list(
        prefix: String, deadline: MonotonicTime
    ) async throws(AWSError) -> [SecretDescription] {
        var found: [SecretDescription] = []
        var pages = Pagination(maxPages: Self.maxPages)
        while true {
            var body: JSONObject = [
                "MaxResults": .integer(Int64(Self.pageSize)), "IncludePlannedDeletion": true,
            ]
            if !prefix.isEmpty { body["Filters"] = [["Key": "name", "Values": [.string(prefix)]]] }
            body["NextToken"] = pages.token.map { .string($0) }
            let response = try await client.call(.listSecrets, .object(body), deadline: deadline)
            for entry in response["SecretList"]?.array ?? [] {
                let secret = try SecretDescription(entry)
                // The service's filter compares words, not characters.
                if secret.name.utf8.starts(with: prefix.utf8) { found.append(secret) }
            }
            guard try pages.advance(response["NextToken"]) else { return found }
        }
    }

    /// Describes a secret.
    package func describe(_ id: String, deadline: MonotonicTime) async throws(AWSError) -> SecretDescription {
        try SecretDescription(try await description(of: id, deadline: deadline))
    }

    /// A secret's resource policy as JSON text; nil if it has none.
    package func resourcePolicy(_ id: String, deadline: MonotonicTime) async throws(AWSError) -> String? {
        let response = try await client.call(.getResourcePolicy, ["SecretId": .string(id)], deadline: deadline)
        return response["ResourcePolicy"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Creates a secret.
    package func create(_ write: SecretWrite, deadline: MonotonicTime) async throws(AWSError) {
        var body = try write.content()
        body["Name"] = .string(write.name)
        body["Description"] = write.description.map { .string($0) }
        body["KmsKeyId"] = write.keyID.map { .string($0) }
        if !write.tags.isEmpty { body["Tags"] = AWSTags.json(write.tags) }
        _ = try await client.call(.createSecret, .object(body), deadline: deadline)
    }

    /// Makes a value the current one of an existing secret.
    package func put(_ write: SecretWrite, deadline: MonotonicTime) async throws(AWSError) {
        var body = try write.content()
        body["SecretId"] = .string(write.name)
        _ = try await client.call(.putSecretValue, .object(body), deadline: deadline)
    }

    /// Schedules a secret for deletion.
    /// - Parameter days: the recovery window, 7 to 30. Until its end ``restore(_:deadline:)`` cancels the deletion.
    /// - Returns: when the secret will be deleted.
    package func delete(_ id: String, days: Int, deadline: MonotonicTime) async throws(AWSError) -> WallTime? {
        let response = try await client.call(
            .deleteSecret, ["SecretId": .string(id), "RecoveryWindowInDays": .integer(Int64(days))],
            deadline: deadline)
        return SecretDescription.date(response["DeletionDate"])
    }

    /// Cancels a secret's deletion.
    package func restore(_ id: String, deadline: MonotonicTime) async throws(AWSError) {
        _ = try await client.call(.restoreSecret, ["SecretId": .string(id)], deadline: deadline)
    }
}
