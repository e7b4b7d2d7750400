package import LatchkeyBroker
package import LatchkeyCore
package import LatchkeyCrypto

/// A secret's version with its metadata in Secrets Manager.
package struct SecretItem: Sendable {
    package var name: String
    package var arn: String
    package var value: Secret
    package var isBinary: Bool
    package var versionID: String
    package var stages: [String]
    /// Creation time of this version: seconds since the epoch, with the store's fraction.
    package var created: Double?
    /// Whether this is a parameter presented as a secret. The end of its ARN is then a digest.
    package var isParameter = false
    /// Why a requested refresh failed, while this older value is served.
    package var refreshError: UpstreamFault?

    package init(
        name: String, arn: String, value: Secret, isBinary: Bool, versionID: String, stages: [String], created: Double?
    ) {
        self.name = name
        self.arn = arn
        self.value = value
        self.isBinary = isBinary
        self.versionID = versionID
        self.stages = stages
        self.created = created
    }

    /// The API shape `GetSecretValueResponse` (Secrets Manager API), which is also `SecretValueEntry`.
    package var json: JSON {
        var members = identity
        if isBinary {
            members["SecretBinary"] = .string(Base64.encode(value.reveal()))
        } else {
            members["SecretString"] = .string(value.revealText() ?? "")
        }
        members["VersionId"] = .string(versionID)
        members["VersionStages"] = .array(stages.map { .string($0) })
        return .object(members)
    }

    /// The API shape `DescribeSecretResponse` as far as a value tells it: no tags, no rotation, no key.
    package var description: JSON {
        var members = identity
        members["LastChangedDate"] = members["CreatedDate"]
        members["VersionIdsToStages"] = .object([versionID: .array(stages.map { .string($0) })])
        return .object(members)
    }

    private var identity: JSONObject {
        var members: JSONObject = ["ARN": .string(arn), "Name": .string(name)]
        members["CreatedDate"] = created.map { .number($0) }
        return members
    }
}
