internal import LatchkeyUpstream

/// Where the things lie that a policy opens: partition, region, account, path and key, as ARNs want them.
package struct PolicyPlace: Hashable, Sendable {
    /// Stands for an account that is not known: any.
    package static let anyAccount = "*"

    package let region: String
    /// Twelve digits, ``anyAccount``, or what stands for them in another form than JSON.
    package var account: String
    /// The parameter path, as `LATCHKEY_PREFIX` has it.
    package let prefix: String
    /// The KMS key that secrets are kept under; nil for the account's own keys (`aws/ssm`, `aws/secretsmanager`), which
    /// every principal of the account may use by way of their service and which no policy need name.
    package var keyARN: String?

    package init(region: String, account: String, prefix: String, keyARN: String? = nil) {
        self.region = region
        self.account = account
        self.prefix = prefix
        self.keyARN = keyARN
    }

    private var partition: AWSPartition { AWSPartition(region: region) }

    /// The prefix itself, as GetParametersByPath names it.
    package var path: String { arn("ssm", "parameter\(prefix)") }

    /// The parameter below the prefix; `*` for all of them.
    package func parameter(_ name: String) -> String { arn("ssm", "parameter\(prefix)/\(name)") }

    /// The secret below the prefix, which has no slash in front there.
    package func secret(_ name: String) -> String { arn("secretsmanager", "secret:\(prefix.dropFirst())/\(name)") }

    /// One secret by its whole name. The six characters that AWS adds to its ARN are any.
    package func secret(named name: String) -> String { arn("secretsmanager", "secret:\(name)-??????") }

    /// The KMS key of that id.
    package func key(_ id: String) -> String { arn("kms", "key/\(id)") }

    package func table(_ name: String) -> String { arn("dynamodb", "table/\(name)") }

    package func function(_ name: String) -> String { arn("lambda", "function:\(name)") }

    private func arn(_ service: String, _ resource: String) -> String {
        "arn:\(partition.name):\(service):\(region):\(account):\(resource)"
    }

    /// The key used by way of these services alone (AWS KMS condition keys, `kms:ViaService`), and for what lies at
    /// these ARNs alone where the service tells KMS in its encryption context.
    /// - Returns: nil where no key is to be named.
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
