package import LatchkeyCore

/// A secret as Secrets Manager describes it (DescribeSecret), with its current value if that was read.
package struct SourceSecret: Sendable {
    package var name: String
    /// False if the selection names the secret and Secrets Manager does not have it.
    package var exists = true
    package var arn: String?
    package var description: String?
    package var tags: [ResourceTag] = []
    /// The secret's own KMS key; nil for the account's default key, `aws/secretsmanager`.
    package var keyID: String?
    /// The ID of the version labelled `AWSCURRENT`. The content of a version never changes.
    package var versionID: String?
    package var rotates = false
    /// The regions that hold a replica.
    package var replicas: [String] = []
    /// The region of the primary secret, if this is a replica.
    package var primaryRegion: String?
    /// When Secrets Manager deletes the secret, if a deletion is scheduled.
    package var deletion: WallTime?
    /// The AWS service that created the secret and changes its value.
    package var owningService: String?
    package var hasResourcePolicy = false
    /// The resource policy as JSON text. Only a backup keeps it; a restore does not set it.
    package var resourcePolicy: String?
    /// The rotation settings. Only a backup keeps them; a restore does not set them.
    package var rotation: SecretRotation?
    /// The other versions that have a staging label. Only a backup reads their values.
    package var otherVersions: [StagedVersion] = []
    /// The day of the last read, at 00:00 UTC (DescribeSecret, `LastAccessedDate`).
    package var lastAccessed: WallTime?
    /// The current value; nil if the secret has none or it was not read.
    package var value: StoredValue?
    /// The IAM actions on this secret that AWS refused, such as `secretsmanager:GetSecretValue`.
    package var denied: [String] = []
    /// The IAM actions on this secret whose calls got no answer.
    package var unread: [String] = []

    package init(name: String) { self.name = name }

    /// What Secrets Manager bills: the secret and each replica.
    var billedCount: Int { 1 + replicas.count }
}
