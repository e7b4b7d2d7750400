internal import LatchkeyUpstream

/// The partition, region, account, path and key of a policy's resources, as their ARNs need them.
package struct PolicyPlace: Hashable, Sendable {
    /// For an unknown account: any.
    package static let anyAccount = "*"

    package let region: String
    /// Twelve digits, ``anyAccount``, or an expression for the account id in another format than JSON.
    package var account: String
    /// The parameter path (`LATCHKEY_PREFIX`).
    package let prefix: String
    /// The KMS key of the secrets; nil for the account's own keys (`aws/ssm`, `aws/secretsmanager`), which every
    /// principal of the account may use through the service, so that no policy needs to name them.
    package var keyARN: String?

    package init(region: String, account: String, prefix: String, keyARN: String? = nil) {
        self.region = region
        self.account = account
        self.prefix = prefix
        self.keyARN = keyARN
    }

    private var partition: AWSPartition { AWSPartition(region: region) }

    /// The prefix itself, which GetParametersByPath names.
    package var path: String { arn("ssm", "parameter\(prefix)") }

    /// The parameter below the prefix; `*` for all of them.
    package func parameter(_ name: String) -> String { arn("ssm", "parameter\(prefix)/\(name)") }

    /// The secret below the prefix, which has no leading slash in Secrets Manager.
    package func secret(_ name: String) -> String { arn("secretsmanager", "secret:\(prefix.dropFirst())/\(name)") }

    /// The secret with this full name. The six characters that AWS adds to its ARN are wildcards.
    package func secret(named name: String) -> String { arn("secretsmanager", "secret:\(name)-??????") }

    /// The KMS key with this id.
    package func key(_ id: String) -> String { arn("kms", "key/\(id)") }

    package func table(_ name: String) -> String { arn("dynamodb", "table/\(name)") }

    package func function(_ name: String) -> String { arn("lambda", "function:\(name)") }

    private func arn(_ service: String, _ resource: String) -> String {
        "arn:\(partition.name):\(service):\(region):\(account):\(resource)"
    }

    /// A statement for the key, limited to use through these services (AWS KMS condition keys, `kms:ViaService`) and,
    /// where the service sends an encryption context, to these ARNs.
    /// - Returns: nil if no key must be named.
    package func key(
        _ name: String, _ actions: [String], via services: [String], context: (key: String, values: [String])? = nil
    ) -> PolicyStatement? {
        guard let keyARN else { return nil }
        let suffix = partition.suffix
        var conditions = [
            PolicyCondition("StringEquals", "kms:ViaService", services.map { "\($0).\(region).\(suffix)" })
        ]
        if let context {
            conditions.append(
                PolicyCondition("StringLike", "kms:EncryptionContext:\(context.key)", context.values))
        }
        return PolicyStatement(name, actions, on: [keyARN], when: conditions)
    }
}
