internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto

extension SecretsManagerPeer {
    mutating func createSecret(_ input: AWSInput, at now: WallTime) throws(AWSFault) -> JSON {
        let name = try input.required("Name")
        try SecretName.check(name)
        let content = try Self.content(input)
        let token = try content.map { _ throws(AWSFault) in try Self.token(input) }
        if let existing = secrets[name] {
            guard existing.deletion == nil else {
                throw AWSFault(
                    "InvalidRequestException",
                    "You can't create this secret because a secret with this name is already scheduled for deletion.")
            }
            // The same request again, as a retry sends it, is answered as the first was.
            if let token, let content, existing.version(id: token)?.content == content {
                return Self.written(existing, version: token)
            }
            throw AWSFault("ResourceExistsException", "The operation failed because the secret \(name) already exists.")
        }
        var secret = StoredSecret(
            arn: place.secretARNPrefix + name + "-" + identifiers.letters(6), name: name, created: now)
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

    mutating func putSecretValue(_ input: AWSInput, at now: WallTime) throws(AWSFault) -> JSON {
        var secret = try findUsable(try Self.id(input))
        guard let content = try Self.content(input) else {
            throw AWSFault("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
        }
        let token = try Self.token(input)
        let stages = try input.strings("VersionStages", atMost: 20) ?? [StoredSecret.current]
        try Self.add(content, token: token, stages: stages, to: &secret, at: now)
        secrets[secret.name] = secret
        let kept = secret.version(id: token)?.stages ?? []
        return [
            "ARN": .string(secret.arn), "Name": .string(secret.name), "VersionId": .string(token),
            "VersionStages": .array(kept.map { .string($0) }),
        ]
    }

    mutating func updateSecret(_ input: AWSInput, at now: WallTime) throws(AWSFault) -> JSON {
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

    mutating func tagResource(_ input: AWSInput) throws(AWSFault) -> JSON {
        var secret = try findUsable(try Self.id(input))
        for tag in try input.tags() { secret.tags[tag.key] = tag.value }
        secrets[secret.name] = secret
        return [:]
    }

    mutating func untagResource(_ input: AWSInput) throws(AWSFault) -> JSON {
        var secret = try findUsable(try Self.id(input))
        for key in try input.strings("TagKeys", atMost: 50) ?? [] { secret.tags[key] = nil }
        secrets[secret.name] = secret
        return [:]
    }

    // MARK: Rules

    /// A version of that id with the same content is the same request again; with another content it is an error
    /// (API reference, PutSecretValue, `ClientRequestToken`).
    private static func add(
        _ content: SecretContent, token: String, stages: [String], to secret: inout StoredSecret, at now: WallTime
    ) throws(AWSFault) {
        if let existing = secret.version(id: token) {
            guard existing.content == content else {
                throw AWSFault(
                    "ResourceExistsException",
                    "You can't use ClientRequestToken \(token) because that value is already in use for a version of "
                        + "secret \(secret.arn).")
            }
            return
        }
        // The first version is current whatever it is called.
        let labels =
            secret.versions.isEmpty && !stages.contains(StoredSecret.current)
            ? stages + [StoredSecret.current] : stages
        secret.append(SecretVersion(id: token, content: content, created: now, stages: labels), at: now)
    }

    /// `SecretString` or `SecretBinary`, 1 to 65,536 bytes; nil where there is neither.
    private static func content(_ input: AWSInput) throws(AWSFault) -> SecretContent? {
        let text = try input.string("SecretString")
        let binary = try input.string("SecretBinary")
        switch (text, binary) {
        case (nil, nil): return nil
        case (_?, _?):
            throw AWSFault(
                "InvalidParameterException",
                "You can't specify both a binary secret value and a string secret value in the same secret.")
        case (let text?, nil):
            try checkSize(text.utf8.count, of: "secretString")
            return .text(Secret(text))
        case (nil, let binary?):
            guard let bytes = Base64.decode(binary) else { throw AWSFault("SerializationException") }
            try checkSize(bytes.count, of: "secretBinary")
            return .binary(Secret(bytes))
        }
    }

    private static func checkSize(_ size: Int, of member: String) throws(AWSFault) {
        guard size > 0 else { throw .constraint(member, "have length greater than or equal to 1") }
        guard size <= 65_536 else { throw .constraint(member, "have length less than or equal to 65536") }
    }

    /// The new version's id. SDKs make one up; who speaks the protocol without one must, too.
    private static func token(_ input: AWSInput) throws(AWSFault) -> String {
        guard let token = try input.string("ClientRequestToken") else {
            throw AWSFault(
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
