/// A service of AWS whose reads are answered here. The raw value is the name requests are signed for.
package enum AWSReadService: String, Hashable, Sendable, CaseIterable {
    case parameterStore = "ssm"
    case secretsManager = "secretsmanager"

    /// What stands before the operation in `X-Amz-Target`.
    var targetPrefix: String {
        switch self {
        case .parameterStore: "AmazonSSM"
        case .secretsManager: "secretsmanager"
        }
    }

    /// What the message of an error is called on the wire.
    var messageMember: String {
        switch self {
        case .parameterStore: "message"
        case .secretsManager: "Message"
        }
    }

    /// Operations that exist at AWS and are not answered here: writes, and reads of what is no secret's value. Of
    /// Systems Manager's those about parameters; of Secrets Manager's all.
    var unsupportedOperations: Set<String> {
        switch self {
        case .parameterStore:
            [
                "AddTagsToResource", "DeleteParameter", "DeleteParameters", "DescribeParameters",
                "GetParameterHistory", "LabelParameterVersion", "ListTagsForResource", "PutParameter",
                "RemoveTagsFromResource", "UnlabelParameterVersion",
            ]
        case .secretsManager:
            [
                "CancelRotateSecret", "CreateSecret", "DeleteResourcePolicy", "DeleteSecret", "GetRandomPassword",
                "GetResourcePolicy", "ListSecretVersionIds", "ListSecrets", "PutResourcePolicy", "PutSecretValue",
                "RemoveRegionsFromReplication", "ReplicateSecretToRegions", "RestoreSecret", "RotateSecret",
                "StopReplicationToReplica", "TagResource", "UntagResource", "UpdateSecret",
                "UpdateSecretVersionStage", "ValidateResourcePolicy",
            ]
        }
    }
}
