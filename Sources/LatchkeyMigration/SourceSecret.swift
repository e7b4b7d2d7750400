package import LatchkeyCore

/// A secret as Secrets Manager describes it (DescribeSecret), with its current value where that could be read.
package struct SourceSecret: Sendable {
    package var name: String
    /// False where the secret was asked for by name and there is none.
    package var exists = true
    package var arn: String?
    package var description: String?
    package var tags: [ResourceTag] = []
    /// Its own KMS key; nil for the account's default, `aws/secretsmanager`.
    package var keyID: String?
    /// The id of the version that is `AWSCURRENT`. A version's content never changes.
    package var versionID: String?
    package var rotates = false
    /// Regions that hold a replica.
    package var replicas: [String] = []
    /// The primary's region, where this is a replica.
    package var primaryRegion: String?
    /// When it is deleted, where that is scheduled.
    package var deletion: WallTime?
    /// The service that made it and changes it.
    package var owningService: String?
    package var hasResourcePolicy = false
    /// The resource policy as JSON text, and how it rotates: kept in a backup, for whoever makes the secret anew.
    package var resourcePolicy: String?
    package var rotation: SecretRotation?
    /// Versions with a staging label besides the current one; their values are in a backup alone.
    package var otherVersions: [StagedVersion] = []
    /// The day it was last read, at 00:00 UTC (DescribeSecret, `LastAccessedDate`).
    package var lastAccessed: WallTime?
    /// The current value; nil where there is none, or it was not read.
    package var value: StoredValue?
    /// IAM actions that were refused for it, such as `secretsmanager:GetSecretValue`.
    package var denied: [String] = []
    /// IAM actions whose calls for it got no answer.
    package var unread: [String] = []

    package init(name: String) { self.name = name }
}

/// How a secret is rotated (DescribeSecret).
package struct SecretRotation: Hashable, Sendable {
    /// The ARN of the function that does it; nil where a service does.
    package var function: String?
    /// `RotationRules` as JSON text.
    package var rules: String?

    package init(function: String?, rules: String?) {
        self.function = function
        self.rules = rules
    }
}

/// A version of a secret that is not the current one and still has a staging label, such as `AWSPREVIOUS`.
package struct StagedVersion: Sendable {
    /// Labels of one secret at the most (Secrets Manager quotas).
    package static let most = 20

    package var id: String
    package var stages: [String]
    /// Nil where it was not read.
    package var value: StoredValue?

    package init(id: String, stages: [String], value: StoredValue? = nil) {
        self.id = id
        self.stages = stages
        self.value = value
    }
}

/// A parameter that is already there under a name that something is to be moved to.
package struct ExistingParameter: Sendable {
    package var kind: ParameterKind
    package var value: StoredValue
    /// Counts from 1; each write adds 1.
    package var version: Int64
    /// Nil where it is not known (DescribeParameters was refused).
    package var tier: ParameterTier?
    /// The KMS key of a SecureString, where it is known.
    package var keyID: String?

    package init(
        kind: ParameterKind, value: StoredValue, version: Int64, tier: ParameterTier? = nil, keyID: String? = nil
    ) {
        self.kind = kind
        self.value = value
        self.version = version
        self.tier = tier
        self.keyID = keyID
    }
}

/// The kinds of parameter (PutParameter, `Type`).
package enum ParameterKind: String, Hashable, Sendable, CaseIterable {
    case string = "String"
    case stringList = "StringList"
    case secureString = "SecureString"
}

/// Both stores as they were read, for the names that are to be moved.
package struct Inventory: Sendable {
    /// In the order they are to be moved.
    package var secrets: [SourceSecret]
    /// By parameter name.
    package var parameters: [String: ExistingParameter]
    /// IAM actions that were refused for parameters of these names, by action.
    package var deniedParameters: [String: Set<String>]
    /// The IAM actions whose calls got no answer, by the parameter's name.
    package var unreadParameters: [String: Set<String>] = [:]
    /// What a parameter's ARN has before its name, the slash behind `parameter` included.
    package var parameterARNPrefix: String
    /// Paths of parameters that nobody asked about whether they may be written.
    package var unaskedPaths = 0

    /// - Parameter parameterARNPrefix: the one of us-east-1 where nil.
    package init(
        secrets: [SourceSecret], parameters: [String: ExistingParameter] = [:],
        deniedParameters: [String: Set<String>] = [:], parameterARNPrefix: String? = nil
    ) {
        self.secrets = secrets
        self.parameters = parameters
        self.deniedParameters = deniedParameters
        self.parameterARNPrefix = parameterARNPrefix ?? "arn:aws:ssm:us-east-1:123456789012:parameter/"
    }
}
