package import LatchkeyCore
internal import LatchkeyCrypto

extension SourceSecret {
    /// The secret in a backup: its properties, and the values of its versions with a staging label.
    package var backupEntry: JSON {
        var members: JSONObject = [
            "name": .string(name), "rotates": .bool(rotates), "replicas": .array(replicas.map { .string($0) }),
            "resource_policy": .bool(hasResourcePolicy),
            "tags": .array(tags.map { ["key": .string($0.key), "value": .string($0.value)] }),
        ]
        members["arn"] = arn.map { .string($0) }
        members["description"] = description.map { .string($0) }
        members["kms_key"] = keyID.map { .string($0) }
        members["version"] = versionID.map { .string($0) }
        members["owning_service"] = owningService.map { .string($0) }
        members["resource_policy_text"] = resourcePolicy.map { .string($0) }
        members["rotation_function"] = (rotation?.function).map { .string($0) }
        members["rotation_rules"] = (rotation?.rules).map { .string($0) }
        if !otherVersions.isEmpty { members["other_versions"] = .array(otherVersions.map(\.backupEntry)) }
        return .object(value.map { members.merging($0.backupMembers) } ?? members)
    }

    /// Reads ``backupEntry``; nil for JSON that is not an entry.
    package init?(backupEntry entry: JSON) {
        guard let name = entry["name"]?.string, !name.isEmpty else { return nil }
        self.init(name: name)
        rotates = entry["rotates"]?.bool ?? false
        replicas = entry["replicas"]?.array?.compactMap(\.string) ?? []
        hasResourcePolicy = entry["resource_policy"]?.bool ?? false
        tags = (entry["tags"]?.array ?? []).compactMap { tag in
            tag["key"]?.string.map { ResourceTag(key: $0, value: tag["value"]?.string ?? "") }
        }
        arn = entry["arn"]?.string
        description = entry["description"]?.string
        keyID = entry["kms_key"]?.string
        versionID = entry["version"]?.string
        owningService = entry["owning_service"]?.string
        resourcePolicy = entry["resource_policy_text"]?.string
        let (function, rules) = (entry["rotation_function"]?.string, entry["rotation_rules"]?.string)
        if function != nil || rules != nil { rotation = SecretRotation(function: function, rules: rules) }
        for version in entry["other_versions"]?.array ?? [] {
            guard let version = StagedVersion(backupEntry: version) else { return nil }
            otherVersions.append(version)
        }
        guard StoredValue.isReadable(entry) else { return nil }
        value = StoredValue(backupEntry: entry)
    }

    /// The properties that a restore does not set on a new secret, as codes in JSON output. An operator has to set them.
    package var leftToSet: [String] {
        [
            ("resource_policy", hasResourcePolicy), ("rotation", rotates), ("replicas", !replicas.isEmpty),
            ("other_versions", !otherVersions.isEmpty),
        ].compactMap { $1 ? $0 : nil }
    }
}

extension StagedVersion {
    fileprivate var backupEntry: JSON {
        let members: JSONObject = ["version": .string(id), "stages": .array(stages.map { .string($0) })]
        return .object(value.map { members.merging($0.backupMembers) } ?? members)
    }

    fileprivate init?(backupEntry entry: JSON) {
        guard let id = entry["version"]?.string, StoredValue.isReadable(entry) else { return nil }
        self.init(
            id: id, stages: (entry["stages"]?.array ?? []).compactMap(\.string),
            value: StoredValue(backupEntry: entry))
    }
}

extension StoredValue {
    fileprivate var backupMembers: JSONObject {
        switch self {
        case .text(let text): text.revealText().map { ["text": .string($0)] } ?? [:]
        case .binary(let bytes): ["base64": .string(Base64.encode(bytes.reveal()))]
        }
    }

    /// False for base64 that cannot be decoded.
    fileprivate static func isReadable(_ entry: JSON) -> Bool {
        entry["base64"]?.string.map { Base64.decode($0) != nil } ?? true
    }

    /// Returns nil for an entry without a value.
    fileprivate init?(backupEntry entry: JSON) {
        if let text = entry["text"]?.string {
            self = .text(Secret(text))
        } else if let bytes = entry["base64"]?.string.flatMap({ Base64.decode($0) }) {
            self = .binary(Secret(bytes))
        } else {
            return nil
        }
    }
}
