/// An AWS service whose reads Latchkey answers. The raw value is the service name of the signature's credential scope.
package enum AWSReadService: String, Hashable, Sendable, CaseIterable {
    case parameterStore = "ssm"
    case secretsManager = "secretsmanager"

    /// The part of `X-Amz-Target` before the operation.
    var targetPrefix: StaticString {
        switch self {
        case .parameterStore: "AmazonSSM"
        case .secretsManager: "secretsmanager"
        }
    }

    /// The JSON member that holds an error's message.
    var messageMember: String {
        switch self {
        case .parameterStore: "message"
        case .secretsManager: "Message"
        }
    }

    /// Operations that AWS has and Latchkey refuses: writes, and reads of anything but values. For Systems Manager only
    /// the operations on parameters are listed, for Secrets Manager all.
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
