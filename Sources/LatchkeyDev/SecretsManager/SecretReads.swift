internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto

extension SecretsManagerPeer {
    mutating func getSecretValue(_ input: AWSInput, at now: WallTime) throws(AWSFault) -> JSON {
        let secret = try findUsable(try Self.id(input))
        let version = try Self.version(
            of: secret, id: try input.string("VersionId"), stage: try input.string("VersionStage"))
        return read(version, of: secret, at: now)
    }

    /// Up to twenty by id, or all that match filters, a page at a time. What fails stands in `Errors` of a 200.
    mutating func batchGetSecretValue(_ input: AWSInput, at now: WallTime) throws(AWSFault) -> JSON {
        let ids: [String]
        var next: String?
        if let listed = try input.strings("SecretIdList", atMost: 20) {
            guard try input.structures("Filters").isEmpty else {
                throw AWSFault(
                    "InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both.")
            }
            ids = listed
        } else {
            guard try !input.structures("Filters").isEmpty else {
                throw AWSFault(
                    "InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both.")
            }
            let page = try page(input, most: 20)
            ids = page.secrets.map(\.name)
            next = page.next
        }
        var values: [JSON] = []
        var errors: [JSON] = []
        for id in ids {
            do throws(AWSFault) {
                let secret = try findUsable(id)
                values.append(read(try Self.version(of: secret, id: nil, stage: nil), of: secret, at: now))
            } catch {
                errors.append([
                    "SecretId": .string(id), "ErrorCode": .string(error.type), "Message": .string(error.message ?? ""),
                ])
            }
        }
        var members: JSONObject = ["SecretValues": .array(values), "Errors": .array(errors)]
        members["NextToken"] = next.map { .string($0) }
        return .object(members)
    }

    func describeSecret(_ input: AWSInput) throws(AWSFault) -> JSON {
        let secret = try find(try Self.id(input))
        var members = Self.entry(secret)
        members["VersionIdsToStages"] = Self.stages(secret)
        return .object(members)
    }

    func listSecrets(_ input: AWSInput) throws(AWSFault) -> JSON {
        let page = try page(input, most: 100)
        let entries = page.secrets.map { secret -> JSON in
            var members = Self.entry(secret)
            members["SecretVersionsToStages"] = Self.stages(secret)
            return .object(members)
        }
        var members: JSONObject = ["SecretList": .array(entries)]
        members["NextToken"] = page.next.map { .string($0) }
        return .object(members)
    }

    func listSecretVersionIDs(_ input: AWSInput) throws(AWSFault) -> JSON {
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

    // MARK: Choosing

    private static func version(
        of secret: StoredSecret, id: String?, stage: String?
    ) throws(AWSFault) -> SecretVersion {
        guard let id else {
            let wanted = stage ?? StoredSecret.current
            if let version = secret.version(stage: wanted) { return version }
            throw AWSFault(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret value for staging label: \(wanted)")
        }
        guard let version = secret.version(id: id) else {
            throw AWSFault(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret value for VersionId: \(id)")
        }
        guard stage.map(version.stages.contains) ?? true else {
            throw AWSFault(
                "InvalidRequestException",
                "You provided a VersionStage that is not associated to the provided VersionId.")
        }
        return version
    }

    private func page(_ input: AWSInput, most: Int64) throws(AWSFault) -> (secrets: [StoredSecret], next: String?) {
        let size = Int(try input.number("MaxResults", in: 1...most) ?? most)
        var start: String?
        if let token = try input.string("NextToken") {
            guard let key = PageToken.decode(token) else {
                throw AWSFault("InvalidNextTokenException", "The NextToken value is invalid.")
            }
            start = key
        }
        let includesDeleted = try input.flag("IncludePlannedDeletion")
        let filters = try SecretFilter.read(input)
        let matching = secrets.values.filter { secret in
            (includesDeleted || secret.deletion == nil) && filters.allSatisfy { $0.matches(secret) }
        }
        let page = PageToken.page(matching.map(\.name).sorted(), after: start, size: size)
        return (page.keys.compactMap { secrets[$0] }, page.next)
    }

    // MARK: Shapes (botocore secretsmanager model: GetSecretValueResponse, SecretListEntry)

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

/// One `Filters` entry of ListSecrets and BatchGetSecretValue.
struct SecretFilter {
    private enum Key: String {
        case name, description
        case tagKey = "tag-key"
        case tagValue = "tag-value"
        case all
    }

    private let key: Key
    private let values: [String]

    static func read(_ input: AWSInput) throws(AWSFault) -> [SecretFilter] {
        try input.structures("Filters").map { filter throws(AWSFault) in
            guard let key = Key(rawValue: filter["Key"]?.string ?? "") else {
                throw AWSFault("InvalidParameterException", "The Key of a filter is invalid.")
            }
            return SecretFilter(key: key, values: filter["Values"]?.array?.compactMap(\.string) ?? [])
        }
    }

    /// A value begins what it looks for; with a `!` before it, it must not.
    func matches(_ secret: StoredSecret) -> Bool {
        let texts: [String] =
            switch key {
            case .name: [secret.name]
            case .description: [secret.description ?? ""]
            case .tagKey: Array(secret.tags.keys)
            case .tagValue: Array(secret.tags.values)
            case .all: [secret.name, secret.description ?? ""] + secret.tags.keys + secret.tags.values
            }
        return values.contains { value in
            value.hasPrefix("!")
                ? !texts.contains { $0.hasPrefix(value.dropFirst()) } : texts.contains { $0.hasPrefix(value) }
        }
    }
}
