internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto

/// An emulated Secrets Manager, as a value. It enforces AWS's limits and sends AWS's errors.
struct SecretsManagerPeer {
    let location: AWSLocation
    private var identifiers: Identifiers
    var secrets: [String: StoredSecret] = [:]

    init(location: AWSLocation, identifiers: Identifiers) {
        self.location = location
        self.identifiers = identifiers
    }

    /// The supported operations.
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

    /// The body of the response to one request.
    mutating func answer(_ operation: Operation, _ input: AWSInput, now: Now) throws(AWSProtocolError) -> JSON {
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

    // MARK: Lookup

    /// Finds a secret by name or ARN.
    func find(_ id: String) throws(AWSProtocolError) -> StoredSecret {
        if let secret = secrets[id] ?? secrets.values.first(where: { SecretName.identifies(id, $0) }) { return secret }
        throw AWSProtocolError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    }

    /// Finds a secret that is not scheduled for deletion.
    func findUsable(_ id: String) throws(AWSProtocolError) -> StoredSecret {
        let secret = try find(id)
        guard secret.deletion == nil else {
            throw AWSProtocolError(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion.")
        }
        return secret
    }

    static func id(_ input: AWSInput) throws(AWSProtocolError) -> String { try input.required("SecretId") }

    // MARK: Creation

    /// A new secret without a version. Its ARN ends in random characters.
    mutating func newSecret(_ name: String, at now: WallTime) -> StoredSecret {
        StoredSecret(arn: location.secretARNPrefix + name + "-" + identifiers.letters(6), name: name, created: now)
    }

    /// Creates secrets without a request.
    mutating func seed(_ seeds: [(name: String, value: Secret)], at now: WallTime) {
        for seed in seeds {
            var secret = newSecret(seed.name, at: now)
            secret.append(
                SecretVersion(
                    id: identifiers.uuid(), content: .text(seed.value), created: now, stages: [StoredSecret.current]),
                at: now)
            secrets[seed.name] = secret
        }
    }
}
