package import LatchkeyCore

/// One secret in a manifest.
package struct ManifestEntry: Hashable, Sendable {
    package var name: String
    package var versionID: String?
    /// ``DigestKey/digest(_:_:)`` of its value, as hex.
    package var digest: String

    package init(name: String, versionID: String?, digest: String) {
        self.name = name
        self.versionID = versionID
        self.digest = digest
    }
}

/// What lies beside a backup: which secrets it has and what the file must be, for whom has no password.
package struct BackupManifest: Hashable, Sendable {
    private static let format: Int64 = 1

    /// SHA-256 of the file, as hex.
    package var fileDigest: String
    package var created: WallTime
    package var place: String
    package var entries: [ManifestEntry]

    package init(fileDigest: String, created: WallTime, place: String, entries: [ManifestEntry]) {
        self.fileDigest = fileDigest
        self.created = created
        self.place = place
        self.entries = entries
    }

    package var json: JSON {
        [
            "manifest": .integer(Self.format), "sha256": .string(fileDigest), "created": .integer(created.milliseconds),
            "place": .string(place),
            "secrets": .array(
                entries.map { entry in
                    var members: JSONObject = ["name": .string(entry.name), "digest": .string(entry.digest)]
                    members["version"] = entry.versionID.map { .string($0) }
                    return .object(members)
                }),
        ]
    }

    /// A manifest as it was written; nil for anything else.
    package init?(_ json: JSON) {
        guard json["manifest"]?.integer == Self.format, let digest = json["sha256"]?.string,
            let created = json["created"]?.integer, let place = json["place"]?.string,
            let entries = json["secrets"]?.array
        else { return nil }
        self.init(
            fileDigest: digest, created: WallTime(milliseconds: created), place: place,
            entries: entries.compactMap { entry in
                guard let name = entry["name"]?.string, let digest = entry["digest"]?.string else { return nil }
                return ManifestEntry(name: name, versionID: entry["version"]?.string, digest: digest)
            })
        guard self.entries.count == entries.count else { return nil }
    }
}
