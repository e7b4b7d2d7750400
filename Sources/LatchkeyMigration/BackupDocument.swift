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
    package var secrets: [SourceSecret]

    package init(created: WallTime, place: String, key: DigestKey, secrets: [SourceSecret]) {
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
        guard let json = try? JSON(parsing: content.reveal(), limits: .ownFile),
            json["latchkey_backup"]?.integer == Self.format,
            let created = json["created"]?.integer, let place = json["place"]?.string,
            let key = (json["manifest_key"]?.string).flatMap({ Hex.decode($0) }).flatMap({ DigestKey(Secret($0)) }),
            let entries = json["secrets"]?.array
        else { throw NotABackup() }
        self.init(created: WallTime(milliseconds: created), place: place, key: key, secrets: [])
        for entry in entries {
            guard let secret = SourceSecret(backupEntry: entry) else { throw NotABackup() }
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
