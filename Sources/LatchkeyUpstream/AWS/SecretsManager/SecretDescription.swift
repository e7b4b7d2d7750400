package import LatchkeyCore

/// A secret without its value (DescribeSecret and ListSecrets).
package struct SecretDescription: Sendable {
    package var name: String
    package var arn: String?
    package var description: String?
    package var keyID: String?
    package var tags: [(key: String, value: String)]
    /// The id of the version with the staging label `AWSCURRENT`.
    package var currentVersionID: String?
    package var rotates: Bool
    /// The ARN of the function that rotates the secret.
    package var rotationFunction: String?
    /// `RotationRules` as JSON text.
    package var rotationRules: String?
    /// The staging labels by version id, for each version that has any.
    package var stages: [String: [String]]
    /// The regions with a replica. Only DescribeSecret returns them.
    package var replicas: [String]
    package var primaryRegion: String?
    package var owningService: String?
    /// `DeletedDate`; nil if no deletion is scheduled.
    package var deletion: WallTime?
    package var lastAccessed: WallTime?
    package var lastChanged: WallTime?

    /// The maximum length of a version id in bytes (Secrets Manager API Reference, `VersionId`).
    private static let maxVersionIDBytes = 64

    init(_ json: JSON) throws(AWSError) {
        guard let name = json["Name"]?.string else { throw AWSError(.invalidAnswer) }
        self.name = name
        arn = json["ARN"]?.string
        description = json["Description"]?.string
        keyID = json["KmsKeyId"]?.string
        tags = AWSTags.read(json["Tags"])
        rotates = json["RotationEnabled"]?.bool ?? false
        let regions = json["ReplicationStatus"]?.array ?? []
        replicas = regions.compactMap { $0["Region"]?.string }
        primaryRegion = json["PrimaryRegion"]?.string
        owningService = json["OwningService"]?.string
        deletion = Self.date(json["DeletedDate"])
        lastAccessed = Self.date(json["LastAccessedDate"])
        lastChanged = Self.date(json["LastChangedDate"])
        // DescribeSecret and ListSecrets use different names for this member.
        let staged = json["VersionIdsToStages"]?.object ?? json["SecretVersionsToStages"]?.object ?? [:]
        stages = staged.filter { $0.key.utf8.count <= Self.maxVersionIDBytes }
            .reduce(into: [:]) { $0[$1.key] = ($1.value.array ?? []).compactMap(\.string) }
            .filter { !$0.value.isEmpty }
        currentVersionID = stages.first { $0.value.contains { $0.hasSameBytes(as: "AWSCURRENT") } }?.key
        rotationFunction = json["RotationLambdaARN"]?.string
        rotationRules = json["RotationRules"]?.object.map { JSON.object($0).text }
    }

    /// Seconds since the epoch with a fraction, sometimes in exponent notation.
    static func date(_ json: JSON?) -> WallTime? { OutsideNumber.date(seconds: json?.double) }
}
