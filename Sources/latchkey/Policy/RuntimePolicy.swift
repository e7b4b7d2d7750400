internal import LatchkeyBroker
internal import LatchkeyService
package import LatchkeySettings

/// The permissions of the broker: read its secrets and share its tokens, for the stores that the settings use.
package struct RuntimePolicy: Sendable {
    /// The profiles whose tokens may be shared.
    package enum Profiles: Hashable, Sendable {
        case named([String])
        /// Every profile, including future ones.
        case any
    }

    package let place: PolicyPlace
    package var readsParameterStore = true
    package var readsSecretsManager = false
    package var sharedTier = Settings.SharedTierChoice.parameterStore
    package var profiles = Profiles.any
    /// Names of secrets that are read from Secrets Manager although the others are in Parameter Store.
    package var kept: [String] = []
    /// The KMS key and tier of the token's parameter; nil for the account's own key.
    package var tokenKey: TokenKey?
    /// Whether to allow listing: `GET /secrets`, and an SDK's GetParametersByPath.
    package var lists = false

    package init(place: PolicyPlace) { self.place = place }

    /// The permissions for these settings.
    package init(place: PolicyPlace, _ settings: Settings) {
        self.place = place
        readsParameterStore = settings.backend.stores.contains(.parameterStore)
        readsSecretsManager = settings.backend.stores.contains(.secretsManager)
        sharedTier = settings.sharedTier
        profiles = .named(settings.profiles.map(\.name))
        tokenKey = settings.tokenKMSKey.flatMap { TokenKey($0, tier: settings.tokenParameterTier) }
    }

    package var document: PolicyDocument {
        PolicyDocument(([parameters, tokens, secrets] + listing + shared + keys + [writing]).compactMap { $0 })
    }

    private var parameters: PolicyStatement? {
        if readsParameterStore {
            return PolicyStatement(
                "ReadParameters", ["ssm:GetParameter", "ssm:GetParameters"], on: [place.parameter("*")])
        }
        guard sharedTier == .parameterStore else { return nil }
        // The pair and its lease are always read together.
        return PolicyStatement("ReadTheTokenPair", ["ssm:GetParameters"], on: tokenParameters)
    }

    private var tokens: PolicyStatement? {
        guard sharedTier == .parameterStore else { return nil }
        return PolicyStatement("WriteTheTokenPair", ["ssm:PutParameter"], on: tokenParameters)
    }

    private var tokenParameters: [String] {
        tokenPaths.flatMap { path in ["token", "expires", "lease"].map { place.parameter("\(path)/\($0)") } }
    }

    private var tokenPaths: [String] {
        switch profiles {
        case .any: ["auth0-cache", "auth0-cache/*"]
        case .named(let profiles): profiles.map { Self.path(of: $0) }
        }
    }

    /// Only the token is a SecureString.
    private var writing: PolicyStatement? {
        guard sharedTier == .parameterStore else { return nil }
        return tokenKey?.statement(in: place, parameters: tokenPaths.map { place.parameter("\($0)/token") })
    }

    /// The profile's path below the prefix.
    private static func path(of profile: String) -> String {
        String(TokenParameters.path(prefix: "", profile: profile).dropFirst())
    }

    private var secrets: PolicyStatement? {
        guard readsSecretsManager else {
            guard !kept.isEmpty else { return nil }
            return PolicyStatement(
                "ReadKeptSecrets", ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], on: keptARNs)
        }
        // DescribeSecret of an SDK is forwarded to Secrets Manager.
        return PolicyStatement(
            "ReadSecrets", ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], on: [place.secret("*")])
    }

    /// Every ARN of Secrets Manager ends in a hyphen and six random characters.
    private var keptARNs: [String] { kept.map { place.secret(named: $0) } }

    /// Only on request. AWS authorizes GetParametersByPath on the path alone, so a Deny on a parameter below it has no
    /// effect. ListSecrets takes no resource, so it shows all names of the region (Service Authorization Reference).
    private var listing: [PolicyStatement?] {
        guard lists else { return [] }
        return [
            readsParameterStore
                ? PolicyStatement(
                    "ListParameters", ["ssm:GetParametersByPath"], on: [place.path, place.parameter("*")]) : nil,
            readsSecretsManager ? PolicyStatement("ListSecrets", ["secretsmanager:ListSecrets"], on: ["*"]) : nil,
        ]
    }

    /// Restricted to one item per profile (Amazon DynamoDB, "Using IAM policy conditions for fine-grained access
    /// control").
    private var shared: [PolicyStatement?] {
        guard case .dynamodb(let table) = sharedTier else { return [] }
        let items: [String] =
            switch profiles {
            case .any: ["\(place.prefix)/auth0-cache", "\(place.prefix)/auth0-cache/*"]
            case .named(let profiles): profiles.map { "\(place.prefix)/\(Self.path(of: $0))" }
            }
        return [
            PolicyStatement(
                "ShareTokens", ["dynamodb:GetItem", "dynamodb:UpdateItem"], on: [place.table(table)],
                when: [PolicyCondition("ForAllValues:StringLike", "dynamodb:LeadingKeys", items)]),
            place.key("OpenTheTable", ["kms:Decrypt"], via: ["dynamodb"]),
        ]
    }

    /// Only decryption: the token is written under the account's own key `aws/ssm` or under ``tokenKey``, whichever key
    /// the secrets use.
    private var keys: [PolicyStatement?] {
        [
            readsParameterStore
                ? place.key(
                    "DecryptParameters", ["kms:Decrypt"], via: ["ssm"],
                    context: ("PARAMETER_ARN", [place.parameter("*")])) : nil,
            readsSecretsManager || !kept.isEmpty
                ? place.key(
                    "DecryptSecrets", ["kms:Decrypt"], via: ["secretsmanager"],
                    context: ("SecretARN", readsSecretsManager ? [place.secret("*")] : keptARNs)) : nil,
        ]
    }
}
