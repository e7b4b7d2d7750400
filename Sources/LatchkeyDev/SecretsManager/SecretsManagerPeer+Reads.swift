internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto

extension SecretsManagerPeer {
    mutating func getSecretValue(_ input: AWSInput, at now: WallTime) throws(AWSProtocolError) -> JSON {
        let secret = try findUsable(try Self.id(input))
        let version = try Self.version(
            of: secret, id: try input.string("VersionId"), stage: try input.string("VersionStage"))
        return read(version, of: secret, at: now)
    }

    /// The most secrets in one BatchGetSecretValue.
    private static let maxBatch: Int64 = 20

    /// Reads the listed secrets, or one page of those that match filters. A 200 response lists failures in `Errors`.
    mutating func batchGetSecretValue(_ input: AWSInput, at now: WallTime) throws(AWSProtocolError) -> JSON {
        let listed = try input.strings("SecretIdList", atMost: Int(Self.maxBatch))
        guard try (listed == nil) != input.structures("Filters").isEmpty else {
            throw AWSProtocolError(
                "InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both.")
        }
        let page = try listed == nil ? page(input, maxSize: Self.maxBatch) : nil
        var values: [JSON] = []
        var errors: [JSON] = []
        for id in listed ?? page?.keys ?? [] {
            do throws(AWSProtocolError) {
                let secret = try findUsable(id)
                values.append(read(try Self.version(of: secret, id: nil, stage: nil), of: secret, at: now))
            } catch {
                errors.append([
                    "SecretId": .string(id), "ErrorCode": .string(error.type), "Message": .string(error.message ?? ""),
                ])
            }
        }
        let others: JSONObject = ["Errors": .array(errors)]
        return page?.answer("SecretValues", values, others)
            ?? .object(others.merging(["SecretValues": .array(values)]))
    }

    func describeSecret(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        let secret = try find(try Self.id(input))
        var members = Self.entry(secret)
        members["VersionIdsToStages"] = Self.stages(secret)
        return .object(members)
    }

    func listSecrets(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        let page = try page(input, maxSize: 100)
        let entries = page.keys.compactMap { secrets[$0] }.map { secret -> JSON in
            var members = Self.entry(secret)
            members["SecretVersionsToStages"] = Self.stages(secret)
            return .object(members)
        }
        return page.answer("SecretList", entries)
    }

    func listSecretVersionIDs(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        let secret = try find(try Self.id(input))
        let includesDeprecated = try input.flag("IncludeDeprecated")
        let versions = secret.versions.filter { includesDeprecated || !$0.stages.isEmpty }
        return [
            "ARN": .string(secret.arn), "Name": .string(secret.name),
            "Versions": .array(
                versions.map {
                    [
                        "VersionId": .string($0.id), "CreatedDate": $0.created.epochSeconds,
                        "VersionStages": .array($0.stages.map { .string($0) }),
                    ]
                }),
        ]
    }

    // MARK: Lookup

    private static func version(
        of secret: StoredSecret, id: String?, stage: String?
    ) throws(AWSProtocolError) -> SecretVersion {
        guard let id else {
            let wanted = stage ?? StoredSecret.current
            if let version = secret.version(stage: wanted) { return version }
            throw AWSProtocolError(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret value for staging label: \(wanted)")
        }
        guard let version = secret.version(id: id) else {
            throw AWSProtocolError(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret value for VersionId: \(id)")
        }
        guard stage.map(version.stages.contains) ?? true else {
            throw AWSProtocolError(
                "InvalidRequestException",
                "You provided a VersionStage that is not associated to the provided VersionId.")
        }
        return version
    }

    /// One page of the secrets that match the filters of a request, by name.
    private func page(_ input: AWSInput, maxSize: Int64) throws(AWSProtocolError) -> ResultPage {
        let includesDeleted = try input.flag("IncludePlannedDeletion")
        let filters = try SecretFilter.read(input)
        let matching = secrets.values.filter { secret in
            (includesDeleted || secret.deletion == nil) && filters.allSatisfy { $0.matches(secret) }
        }
        return try ResultPage(
            of: matching.map(\.name), input, maxSize: maxSize,
            invalidToken: AWSProtocolError("InvalidNextTokenException", "The NextToken value is invalid."))
    }

    // MARK: Response shapes (botocore model of secretsmanager: GetSecretValueResponse, SecretListEntry)

    /// The response with the value. Records the day of the read.
    private mutating func read(_ version: SecretVersion, of secret: StoredSecret, at now: WallTime) -> JSON {
        secrets[secret.name]?.accessed = WallTime(seconds: now.seconds - now.seconds % 86_400)
        var members: JSONObject = [
            "ARN": .string(secret.arn), "CreatedDate": version.created.epochSeconds, "Name": .string(secret.name),
            "VersionId": .string(version.id), "VersionStages": .array(version.stages.map { .string($0) }),
        ]
        switch version.content {
        case .text(let text): members["SecretString"] = .string(text.revealText() ?? "")
        case .binary(let bytes): members["SecretBinary"] = .string(Base64.encode(bytes.reveal()))
        }
        return .object(members)
    }

    private static func stages(_ secret: StoredSecret) -> JSON {
        let staged = secret.versions.filter { !$0.stages.isEmpty }
        let pairs = staged.map { ($0.id, JSON.array($0.stages.map { .string($0) })) }
        return .object(JSONObject(pairs))
    }

    private static func entry(_ secret: StoredSecret) -> JSONObject {
        let tags = secret.tags.sorted { $0.key < $1.key }
        var members: JSONObject = [
            "ARN": .string(secret.arn), "CreatedDate": secret.created.epochSeconds,
            "LastChangedDate": secret.changed.epochSeconds, "Name": .string(secret.name),
            "Tags": .array(tags.map { ["Key": .string($0.key), "Value": .string($0.value)] }),
        ]
        members["DeletedDate"] = secret.deletion?.epochSeconds
        members["Description"] = secret.description.map { .string($0) }
        members["KmsKeyId"] = secret.keyID.map { .string($0) }
        members["LastAccessedDate"] = secret.accessed?.epochSeconds
        return members
    }
}
