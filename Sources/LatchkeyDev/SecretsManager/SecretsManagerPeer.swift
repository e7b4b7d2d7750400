internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto

/// Secrets Manager as a value: requests and a clock reading in, answers out, AWS's limits kept.
struct SecretsManagerPeer {
    let place: AWSPlace
    var identifiers: Identifiers
    var secrets: [String: StoredSecret] = [:]

    init(place: AWSPlace, identifiers: Identifiers) {
        self.place = place
        self.identifiers = identifiers
    }

    /// The operations answered; all others are unknown to it.
    enum Operation: String, CaseIterable {
        case createSecret = "CreateSecret"
        case putSecretValue = "PutSecretValue"
        case updateSecret = "UpdateSecret"
        case getSecretValue = "GetSecretValue"
        case batchGetSecretValue = "BatchGetSecretValue"
        case describeSecret = "DescribeSecret"
        case listSecrets = "ListSecrets"
        case listSecretVersionIDs = "ListSecretVersionIds"
        case deleteSecret = "DeleteSecret"
        case restoreSecret = "RestoreSecret"
        case tagResource = "TagResource"
        case untagResource = "UntagResource"
    }

    mutating func answer(_ operation: Operation, _ input: AWSInput, now: Now) throws(AWSFault) -> JSON {
        secrets = secrets.filter { $0.value.deletion.map { $0 > now.wall } ?? true }
        return switch operation {
        case .createSecret: try createSecret(input, at: now.wall)
        case .putSecretValue: try putSecretValue(input, at: now.wall)
        case .updateSecret: try updateSecret(input, at: now.wall)
        case .getSecretValue: try getSecretValue(input, at: now.wall)
        case .batchGetSecretValue: try batchGetSecretValue(input, at: now.wall)
        case .describeSecret: try describeSecret(input)
        case .listSecrets: try listSecrets(input)
        case .listSecretVersionIDs: try listSecretVersionIDs(input)
        case .deleteSecret: try deleteSecret(input, at: now.wall)
        case .restoreSecret: try restoreSecret(input)
        case .tagResource: try tagResource(input)
        case .untagResource: try untagResource(input)
        }
    }

    // MARK: Finding

    func find(_ id: String) throws(AWSFault) -> StoredSecret {
        if let secret = secrets[id] ?? secrets.values.first(where: { SecretName.means(id, $0) }) { return secret }
        throw AWSFault("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    }

    /// A secret that is not waiting for its deletion.
    func findUsable(_ id: String) throws(AWSFault) -> StoredSecret {
        let secret = try find(id)
        guard secret.deletion == nil else {
            throw AWSFault(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion.")
        }
        return secret
    }

    static func id(_ input: AWSInput) throws(AWSFault) -> String { try input.required("SecretId") }
}
