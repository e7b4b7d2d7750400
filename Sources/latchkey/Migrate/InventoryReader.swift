internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyUpstream

/// Reads both stores for the selected secrets.
struct InventoryReader: Sendable {
    /// Maximum number of secrets in one run.
    static let maxSecrets = 100_000

    let access: MigrationAccess
    let selection: Selection
    /// Whether to read what a plan shows and a copy does not need: replicas, resource policies, write permissions.
    var isDetailed = false
    /// The KMS key of the writes.
    var keyID: String?
    /// Whether a secret is known to have been moved, so that its value need not be read.
    var isDone: @Sendable (SourceSecret, _ target: String) -> Bool = { _, _ in false }

    /// Both stores, and the parameter names by secret name.
    func read() async throws -> (inventory: Inventory, map: [String: String], done: [SourceSecret]) {
        let (found, map) = try await secrets()
        let planner = Planner(map: map)
        let done = found.filter { isDone($0, planner.target(for: $0.name)) }
        let open = found.filter { !isDone($0, planner.target(for: $0.name)) }
        let secrets = try await MigrationAccess.each(open, showing: "read") { try await self.withValue($0) }
        var inventory = Inventory(secrets: secrets, parameterARNPrefix: arnPrefix(secrets))
        let parameters = ParameterReader(access: access, keyID: keyID)
        try await parameters.fill(&inventory, planner)
        if isDetailed { try await parameters.probe(&inventory, planner) }
        return (inventory, map, done)
    }

    /// The secrets with the values of all labelled versions, without parameters.
    func readSecrets() async throws -> [SourceSecret] {
        try await MigrationAccess.each(try await secrets().0, showing: "read") { secret in
            try await self.withOtherVersions(try await self.withValue(secret))
        }
    }

    /// The descriptions of the secrets without values, and the parameter names by secret name.
    func describeSecrets() async throws -> (secrets: [SourceSecret], map: [String: String]) {
        let (found, map) = try await secrets()
        try Self.requireRead(found)
        return (found, map)
    }

    /// The names of secrets that are deleted or scheduled for deletion.
    func away(_ names: [String]) async throws -> [String] {
        let secrets = try await MigrationAccess.each(names) { try await self.describe($0) }
        if let action = secrets.lazy.flatMap(\.denied).first {
            throw CommandFailure(.denied, "\(action) is refused: allow it (latchkey policy --role migrator)")
        }
        try Self.requireRead(secrets)
        return secrets.filter { !$0.exists || $0.deletion != nil }.map(\.name)
    }

    /// Throws if a secret could not be read, for commands that need all of them.
    private static func requireRead(_ secrets: [SourceSecret]) throws {
        let unread = secrets.filter { !$0.unread.isEmpty }.map { Table.clean($0.name) }
        guard unread.isEmpty else {
            throw CommandFailure(
                .unavailable, "secretsmanager:DescribeSecret got no answer for \(unread.joined(separator: ", "))")
        }
    }

    /// The parameters that the secrets would go to.
    func readParameters(of secrets: [SourceSecret], _ planner: Planner) async throws -> Inventory {
        var inventory = Inventory(secrets: secrets, parameterARNPrefix: arnPrefix(secrets))
        try await ParameterReader(access: access).fill(&inventory, planner)
        return inventory
    }

    /// The same for secrets that were already read.
    func read(asIn secrets: [SourceSecret], map: [String: String]) async throws -> Inventory {
        try await readParameters(of: secrets, Planner(map: map))
    }

    // MARK: Secrets

    /// All selected secrets without duplicates, sorted by name.
    private func secrets() async throws -> ([SourceSecret], [String: String]) {
        var found: [String: SourceSecret] = [:]
        var map = selection.map
        for prefix in selection.prefixes {
            let listed = try await access.require("secretsmanager:ListSecrets") { () async throws(AWSError) in
                try await access.secretsManager.list(prefix: prefix, deadline: .current + .seconds(600))
            }
            for description in listed { found[description.name] = SourceSecret(description) }
        }
        let named = selection.names.filter { found[$0] == nil }
        for (id, secret) in zip(named, try await MigrationAccess.each(named) { try await self.describe($0) }) {
            found[secret.name] = secret
            // The map may name a secret by its ARN.
            if secret.name != id { map[secret.name] = map[id] }
        }
        // A prefix without secrets is probably a typing mistake, and must not count as success.
        guard !found.isEmpty else {
            throw CommandFailure(.failed, "no secret is selected: check --filter-prefix")
        }
        guard found.count <= Self.maxSecrets else {
            throw CommandFailure(.usage, "more than \(Self.maxSecrets) secrets: select fewer of them")
        }
        var secrets = found.values.sorted { $0.name < $1.name }
        if isDetailed {
            secrets = try await MigrationAccess.each(secrets) { try await self.withDetails($0) }
        }
        return (secrets, map)
    }

    private func describe(_ id: String) async throws -> SourceSecret {
        do {
            let description = try await access.reading("secretsmanager:DescribeSecret") { () async throws(AWSError) in
                try await access.secretsManager.describe(id, deadline: access.deadline)
            }
            return SourceSecret(description)
        } catch let error as AWSError {
            var secret = SourceSecret(name: id)
            switch error.kind {
            case .notFound: secret.exists = false
            case .denied: secret.denied = ["secretsmanager:DescribeSecret"]
            case _ where StoreFailure(error).isTransient: secret.unread = ["secretsmanager:DescribeSecret"]
            default: throw CommandFailure(error, action: "secretsmanager:DescribeSecret")
            }
            return secret
        }
    }

    private func withDetails(_ secret: SourceSecret) async throws -> SourceSecret {
        guard secret.exists else { return secret }
        var secret = secret
        do {
            let name = secret.name
            let description = try await access.reading("secretsmanager:DescribeSecret") { () async throws(AWSError) in
                try await access.secretsManager.describe(name, deadline: access.deadline)
            }
            secret.replicas = description.replicas
            if description.rotationFunction != nil || description.rotationRules != nil {
                secret.rotation = SecretRotation(
                    function: description.rotationFunction, rules: description.rotationRules)
            }
            secret.otherVersions = description.stages.filter { $0.key != description.currentVersionID }
                .sorted { $0.key < $1.key }.prefix(StagedVersion.maxCount).map { StagedVersion(id: $0, stages: $1) }
        } catch let error as AWSError {
            if StoreFailure(error).isTransient {
                secret.unread.append("secretsmanager:DescribeSecret")
                return secret
            }
            guard error.kind == .denied else { throw CommandFailure(error, action: "secretsmanager:DescribeSecret") }
            if !secret.denied.contains("secretsmanager:DescribeSecret") {
                secret.denied.append("secretsmanager:DescribeSecret")
            }
        }
        guard secret.deletion == nil else { return secret }
        do {
            let name = secret.name
            secret.resourcePolicy = try await access.reading("secretsmanager:GetResourcePolicy") {
                () async throws(AWSError) in
                try await access.secretsManager.resourcePolicy(name, deadline: access.deadline)
            }
            secret.hasResourcePolicy = secret.resourcePolicy != nil
        } catch let error as AWSError {
            if StoreFailure(error).isTransient {
                secret.unread.append("secretsmanager:GetResourcePolicy")
                return secret
            }
            guard error.kind == .denied || error.kind == .invalidRequest else {
                throw CommandFailure(error, action: "secretsmanager:GetResourcePolicy")
            }
            if error.kind == .denied { secret.denied.append("secretsmanager:GetResourcePolicy") }
        }
        return secret
    }

    private func withOtherVersions(_ secret: SourceSecret) async throws -> SourceSecret {
        guard secret.exists, secret.deletion == nil else { return secret }
        var secret = secret
        for (index, version) in secret.otherVersions.enumerated() {
            do {
                let name = secret.name
                let found = try await access.reading("secretsmanager:GetSecretValue") { () async throws(AWSError) in
                    try await access.secretsManager.get(name, versionID: version.id, deadline: access.deadline)
                }
                secret.otherVersions[index].value = found.isBinary ? .binary(found.value) : .text(found.value)
            } catch let error as AWSError {
                if StoreFailure(error).isTransient {
                    secret.unread.append("secretsmanager:GetSecretValue")
                    return secret
                }
                // The version has lost its label meanwhile, or was staged without a value.
                guard error.kind == .notFound || error.kind == .invalidRequest else {
                    throw CommandFailure(
                        error, action: error.concernsKMSKey ? "kms:Decrypt" : "secretsmanager:GetSecretValue")
                }
            }
        }
        return secret
    }

    private func withValue(_ secret: SourceSecret) async throws -> SourceSecret {
        guard secret.exists, secret.deletion == nil else { return secret }
        var secret = secret
        do {
            let name = secret.name
            let version = try await access.reading("secretsmanager:GetSecretValue") { () async throws(AWSError) in
                try await access.secretsManager.get(name, deadline: access.deadline)
            }
            secret.value = version.isBinary ? .binary(version.value) : .text(version.value)
            secret.versionID = version.versionID
        } catch let error as AWSError {
            switch error.kind {
            // The secret was created without a value, or is scheduled for deletion although its description did not say
            // so.
            case .notFound, .invalidRequest: break
            case .denied:
                secret.denied.append(
                    error.concernsKMSKey || error.code == "DecryptionFailure"
                        ? "kms:Decrypt" : "secretsmanager:GetSecretValue"
                )
            case _ where StoreFailure(error).isTransient: secret.unread.append("secretsmanager:GetSecretValue")
            default: throw CommandFailure(error, action: "secretsmanager:GetSecretValue")
            }
        }
        return secret
    }

    /// The beginning of the parameters' ARNs, taken from the secrets' ARNs.
    private func arnPrefix(_ secrets: [SourceSecret]) -> String {
        let pieces = secrets.lazy.compactMap(\.arn).first?.split(separator: ":") ?? []
        let partition = pieces.count > 4 ? String(pieces[1]) : AWSPartition(region: access.region).name
        let account = pieces.count > 4 ? String(pieces[4]) : "123456789012"
        return "arn:\(partition):ssm:\(access.region):\(account):parameter/"
    }
}

// AWS's types become the migration's only here.

extension SourceSecret {
    init(_ description: SecretDescription) {
        self.init(name: description.name)
        arn = description.arn
        self.description = description.description
        tags = description.tags.map { ResourceTag(key: $0.key, value: $0.value) }
        keyID = description.keyID
        versionID = description.currentVersionID
        rotates = description.rotates
        replicas = description.replicas
        primaryRegion =
            description.primaryRegion == description.arn.flatMap(Self.region) ? nil : description.primaryRegion
        deletion = description.deletion
        owningService = description.owningService
        lastAccessed = description.lastAccessed
    }

    /// The region of an ARN.
    private static func region(_ arn: String) -> String? {
        let pieces = arn.split(separator: ":", omittingEmptySubsequences: false)
        return pieces.count > 3 ? String(pieces[3]) : nil
    }
}

extension ExistingParameter {
    init(_ parameter: Parameter) {
        self.init(kind: ParameterKind(parameter.kind), value: .text(parameter.value), version: parameter.version)
    }
}

extension ParameterKind {
    init(_ kind: Parameter.Kind) {
        self =
            switch kind {
            case .string: .string
            case .stringList: .stringList
            case .secureString: .secureString
            }
    }
}

extension Parameter.Kind {
    init(_ kind: ParameterKind) {
        self =
            switch kind {
            case .string: .string
            case .stringList: .stringList
            case .secureString: .secureString
            }
    }
}
