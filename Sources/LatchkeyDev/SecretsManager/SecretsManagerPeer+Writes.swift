internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto

extension SecretsManagerPeer {
    mutating func createSecret(_ input: AWSInput, at now: WallTime) throws(AWSProtocolError) -> JSON {
        let name = try input.required("Name")
        try SecretName.check(name)
        let content = try Self.content(input)
        let token = try content.map { _ throws(AWSProtocolError) in try Self.token(input) }
        if let existing = secrets[name] {
            guard existing.deletion == nil else {
                throw AWSProtocolError(
                    "InvalidRequestException",
                    "You can't create this secret because a secret with this name is already scheduled for deletion.")
            }
            // A retry of the same request gets the same answer.
            if let token, let content, existing.version(id: token)?.content == content {
                return Self.written(existing, version: token)
            }
            throw AWSProtocolError(
                "ResourceExistsException", "The operation failed because the secret \(name) already exists.")
        }
        var secret = newSecret(name, at: now)
        secret.description = try input.string("Description")
        secret.keyID = try input.string("KmsKeyId")
        for tag in try input.tags() { secret.tags[tag.key] = tag.value }
        if let content, let token {
            secret.append(
                SecretVersion(id: token, content: content, created: now, stages: [StoredSecret.current]), at: now)
        }
        secrets[name] = secret
        return Self.written(secret, version: token)
    }

    mutating func putSecretValue(_ input: AWSInput, at now: WallTime) throws(AWSProtocolError) -> JSON {
        var secret = try findUsable(try Self.id(input))
        guard let content = try Self.content(input) else {
            throw AWSProtocolError("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
        }
        let token = try Self.token(input)
        let stages = try input.strings("VersionStages", atMost: Self.maxStages) ?? [StoredSecret.current]
        try Self.add(content, token: token, stages: stages, to: &secret, at: now)
        secrets[secret.name] = secret
        let kept = secret.version(id: token)?.stages ?? []
        return [
            "ARN": .string(secret.arn), "Name": .string(secret.name), "VersionId": .string(token),
            "VersionStages": .array(kept.map { .string($0) }),
        ]
    }

    mutating func updateSecret(_ input: AWSInput, at now: WallTime) throws(AWSProtocolError) -> JSON {
        var secret = try findUsable(try Self.id(input))
        let content = try Self.content(input)
        var token: String?
        if let content {
            let id = try Self.token(input)
            try Self.add(content, token: id, stages: [StoredSecret.current], to: &secret, at: now)
            token = id
        }
        if let description = try input.string("Description") { secret.description = description }
        if let keyID = try input.string("KmsKeyId") { secret.keyID = keyID }
        secret.changed = now
        secrets[secret.name] = secret
        return Self.written(secret, version: token)
    }

    // MARK: Tags

    /// The most tags of one secret.
    private static let maxTags = 50

    mutating func tagResource(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        var secret = try findUsable(try Self.id(input))
        for tag in try input.tags() { secret.tags[tag.key] = tag.value }
        secrets[secret.name] = secret
        return [:]
    }

    mutating func untagResource(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        var secret = try findUsable(try Self.id(input))
        for key in try input.strings("TagKeys", atMost: Self.maxTags) ?? [] { secret.tags[key] = nil }
        secrets[secret.name] = secret
        return [:]
    }

    // MARK: Rules

    /// The most staging labels of one version.
    private static let maxStages = 20

    /// Adds a version. If the ID exists with the same content, the request is a retry and changes nothing; with other
    /// content it is an error (API reference, PutSecretValue, `ClientRequestToken`).
    private static func add(
        _ content: SecretContent, token: String, stages: [String], to secret: inout StoredSecret, at now: WallTime
    ) throws(AWSProtocolError) {
        if let existing = secret.version(id: token) {
            guard existing.content == content else {
                throw AWSProtocolError(
                    "ResourceExistsException",
                    "You can't use ClientRequestToken \(token) because that value is already in use for a version of "
                        + "secret \(secret.arn).")
            }
            return
        }
        // The first version is always `AWSCURRENT`.
        let labels =
            secret.versions.isEmpty && !stages.contains(StoredSecret.current)
            ? stages + [StoredSecret.current] : stages
        secret.append(SecretVersion(id: token, content: content, created: now, stages: labels), at: now)
    }

    /// The content of `SecretString` or `SecretBinary`; nil if the request has neither.
    private static func content(_ input: AWSInput) throws(AWSProtocolError) -> SecretContent? {
        let text = try input.string("SecretString")
        let binary = try input.string("SecretBinary")
        switch (text, binary) {
        case (nil, nil): return nil
        case (_?, _?):
            throw AWSProtocolError(
                "InvalidParameterException",
                "You can't specify both a binary secret value and a string secret value in the same secret.")
        case (let text?, nil):
            try checkSize(text.utf8.count, of: "secretString")
            return .text(Secret(text))
        case (nil, let binary?):
            guard let bytes = Base64.decode(binary) else { throw AWSProtocolError("SerializationException") }
            try checkSize(bytes.count, of: "secretBinary")
            return .binary(Secret(bytes))
        }
    }

    /// The most bytes in a secret value.
    private static let maxBytes = 65_536

    private static func checkSize(_ size: Int, of member: String) throws(AWSProtocolError) {
        guard size > 0 else { throw .constraint(member, "have length greater than or equal to 1") }
        guard size <= maxBytes else { throw .constraint(member, "have length less than or equal to \(maxBytes)") }
    }

    /// The ID of the new version. SDKs generate it; the API requires it.
    private static func token(_ input: AWSInput) throws(AWSProtocolError) -> String {
        guard let token = try input.string("ClientRequestToken") else {
            throw AWSProtocolError(
                "InvalidRequestException",
                "You must provide a ClientRequestToken value. We recommend a UUID-type value.")
        }
        guard token.count >= 32 else {
            throw .constraint("clientRequestToken", value: token, "have length greater than or equal to 32")
        }
        guard token.count <= 64 else {
            throw .constraint("clientRequestToken", value: token, "have length less than or equal to 64")
        }
        return token
    }

    private static func written(_ secret: StoredSecret, version: String?) -> JSON {
        var members: JSONObject = ["ARN": .string(secret.arn), "Name": .string(secret.name)]
        members["VersionId"] = version.map { .string($0) }
        return .object(members)
    }
}
