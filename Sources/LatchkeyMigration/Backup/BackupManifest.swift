package import LatchkeyCore

/// The file beside a backup. It tells which secrets the backup has, and checks the backup's file without its password.
package struct BackupManifest: Hashable, Sendable {
    private static let format: Int64 = 1

    /// SHA-256 of the backup's file, in hex.
    package var fileDigest: String
    package var created: WallTime
    /// The region that the backup was made in.
    package var region: String
    package var entries: [ManifestEntry]

    package init(fileDigest: String, created: WallTime, region: String, entries: [ManifestEntry]) {
        self.fileDigest = fileDigest
        self.created = created
        self.region = region
        self.entries = entries
    }

    package var json: JSON {
        [
            "manifest": .integer(Self.format), "sha256": .string(fileDigest), "created": .integer(created.milliseconds),
            "place": .string(region),
            "secrets": .array(
                entries.map { entry in
                    var members: JSONObject = ["name": .string(entry.name), "digest": .string(entry.digest)]
                    members["version"] = entry.versionID.map { .string($0) }
                    return .object(members)
                }),
        ]
    }

    /// Returns nil for JSON that is not a manifest.
    package init?(_ json: JSON) {
        guard json["manifest"]?.integer == Self.format, let digest = json["sha256"]?.string,
            let created = json["created"]?.integer, let region = json["place"]?.string,
            let entries = json["secrets"]?.array
        else { return nil }
        self.init(
            fileDigest: digest, created: WallTime(milliseconds: created), region: region,
            entries: entries.compactMap { entry in
                guard let name = entry["name"]?.string, let digest = entry["digest"]?.string else { return nil }
                return ManifestEntry(name: name, versionID: entry["version"]?.string, digest: digest)
            })
        guard self.entries.count == entries.count else { return nil }
    }
}
