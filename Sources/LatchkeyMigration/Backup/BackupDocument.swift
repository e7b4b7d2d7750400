package import LatchkeyCore
package import LatchkeyCrypto

/// The decrypted content of a backup: every secret with its value and its properties.
package struct BackupDocument: Sendable {
    /// The content is not a backup.
    package struct FormatError: Error, Hashable, Sendable {
        package init() {}
    }

    private static let format: Int64 = 1

    package var created: WallTime
    /// The region that the backup was made in.
    package var region: String
    /// The key of the manifest's digests.
    package var key: DigestKey
    /// Sorted by name. A secret without a value could not be read when the backup was made.
    package var secrets: [SourceSecret]

    package init(created: WallTime, region: String, key: DigestKey, secrets: [SourceSecret]) {
        self.created = created
        self.region = region
        self.key = key
        self.secrets = secrets
    }

    /// The content to encrypt, as UTF-8 JSON.
    package var content: Secret {
        let json: JSON = [
            "latchkey_backup": .integer(Self.format), "created": .integer(created.milliseconds),
            "place": .string(region), "manifest_key": .string(Hex.encode(key.secret.reveal())),
            "secrets": .array(secrets.map(\.backupEntry)),
        ]
        return Secret(json.bytes())
    }

    /// Reads ``content``.
    package init(_ content: Secret) throws(FormatError) {
        // The JSON parser takes an array. It lives only as long as the parse.
        guard let json = try? JSON(parsing: content.reveal(), limits: .ownFile),
            json["latchkey_backup"]?.integer == Self.format,
            let created = json["created"]?.integer, let region = json["place"]?.string,
            let key = (json["manifest_key"]?.string).flatMap({ Hex.decode($0) }).flatMap({ DigestKey(Secret($0)) }),
            let entries = json["secrets"]?.array
        else { throw FormatError() }
        self.init(created: WallTime(milliseconds: created), region: region, key: key, secrets: [])
        for entry in entries {
            guard let secret = SourceSecret(backupEntry: entry) else { throw FormatError() }
            secrets.append(secret)
        }
    }

    /// The entries of the manifest. They hold no value, and only this document has the key of their digests.
    package var manifest: [ManifestEntry] {
        secrets.compactMap { secret in
            guard let value = secret.value else { return nil }
            return ManifestEntry(
                name: secret.name, versionID: secret.versionID, digest: key.digest(secret.name, value.secret).hex)
        }
    }
}
