package import LatchkeyBroker
package import LatchkeyCore
package import LatchkeyCrypto

/// A secret's version with what Secrets Manager tells of it.
package struct SecretItem: Sendable {
    package var name: String
    package var arn: String
    package var value: Secret
    package var isBinary: Bool
    package var versionID: String
    package var stages: [String]
    /// When this version was made: seconds since the epoch, with the fraction the store gave.
    package var created: Double?
    /// It is a parameter that is shown as a secret: the end of its ARN is made up here.
    package var isParameter = false
    /// Why it is not as new as was demanded.
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

    /// The shape `GetSecretValueResponse` (Secrets Manager API), which is also `SecretValueEntry`.
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

    /// The shape `DescribeSecretResponse`, as far as a reader of values can know it: no tags, no rotation, no key.
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
