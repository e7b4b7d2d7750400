package import LatchkeyCore
package import LatchkeyCrypto

/// What a backup holds once it is opened: every secret's value and what is known of it.
package struct BackupDocument: Sendable {
    /// Why a file's content is no backup.
    package struct NotABackup: Error, Hashable, Sendable {
        package init() {}
    }

    private static let format: Int64 = 1

    package var created: WallTime
    /// The region it was made in.
    package var place: String
    /// The key of the manifest's digests.
    package var key: DigestKey
    /// In the order of their names. Those without a value could not be read when the backup was made.
    package var secrets: [OldSecret]

    package init(created: WallTime, place: String, key: DigestKey, secrets: [OldSecret]) {
        self.created = created
        self.place = place
        self.key = key
        self.secrets = secrets
    }

    /// The content of the file, as UTF-8 JSON.
    package var content: Secret {
        let json: JSON = [
            "latchkey_backup": .integer(Self.format), "created": .integer(created.milliseconds),
            "place": .string(place), "manifest_key": .string(Hex.encode(key.secret.reveal())),
            "secrets": .array(secrets.map(\.backupEntry)),
        ]
        return Secret(json.bytes())
    }

    package init(_ content: Secret) throws(NotABackup) {
        // JSON's parser wants an array; it is as short-lived as the parse.
        guard let json = try? JSON(parsing: content.reveal()), json["latchkey_backup"]?.integer == Self.format,
            let created = json["created"]?.integer, let place = json["place"]?.string,
            let key = (json["manifest_key"]?.string).flatMap({ Hex.decode($0) }).flatMap({ DigestKey(Secret($0)) }),
            let entries = json["secrets"]?.array
        else { throw NotABackup() }
        self.init(created: WallTime(milliseconds: created), place: place, key: key, secrets: [])
        for entry in entries {
            guard let secret = OldSecret(backupEntry: entry) else { throw NotABackup() }
            secrets.append(secret)
        }
    }

    /// What tells of the backup beside it: no value, and digests whose key is in the backup itself.
    package var manifest: [ManifestEntry] {
        secrets.compactMap { secret in
            guard let value = secret.value else { return nil }
            return ManifestEntry(
                name: secret.name, versionID: secret.versionID, digest: key.digest(secret.name, value.secret).hex)
        }
    }
}

extension OldSecret {
    fileprivate var backupEntry: JSON {
        var members: [String: JSON] = [
            "name": .string(name), "rotates": .bool(rotates), "replicas": .array(replicas.map { .string($0) }),
            "resource_policy": .bool(hasResourcePolicy),
            "tags": .array(tags.map { ["key": .string($0.key), "value": .string($0.value)] }),
        ]
        members["arn"] = arn.map { .string($0) }
        members["description"] = description.map { .string($0) }
        members["kms_key"] = keyID.map { .string($0) }
        members["version"] = versionID.map { .string($0) }
        members["owning_service"] = owningService.map { .string($0) }
        switch value {
        case .text(let text): members["text"] = text.revealText().map { .string($0) }
        case .binary(let bytes): members["base64"] = .string(Base64.encode(bytes.reveal()))
        case nil: break
        }
        return .object(members)
    }

    fileprivate init?(backupEntry entry: JSON) {
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
        if let text = entry["text"]?.string {
            value = .text(Secret(text))
        } else if let base64 = entry["base64"]?.string {
            guard let bytes = Base64.decode(base64) else { return nil }
            value = .binary(Secret(bytes))
        }
    }
}
