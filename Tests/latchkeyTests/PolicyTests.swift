import LatchkeyCore
import LatchkeySettings
import LatchkeyTestSupport
import Testing

@testable import latchkey

@Suite struct PolicyTests {
    private static let key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

    private static func place(key: String? = nil) -> PolicyPlace {
        PolicyPlace(region: "eu-central-1", account: "111122223333", prefix: "/shop/prod", keyARN: key)
    }

    private static func runtime(_ environment: [String: String] = [:], key: String? = nil) throws -> PolicyDocument {
        let given = ["AWS_REGION": "eu-central-1", "LATCHKEY_PREFIX": "/shop/prod"].merging(environment) { $1 }
        let settings = try Settings.load(environment: given, need: .upstreams, processors: 1) { _ in nil }
        return RuntimePolicy(place: place(key: key), settings).document
    }

    private static func actions(_ document: PolicyDocument) -> Set<String> {
        Set(document.statements.flatMap(\.actions))
    }

    @Test(arguments: [
        ([:], ["ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"]),
        (["LATCHKEY_SHARED_TIER": "none"], ["ssm:GetParameter", "ssm:GetParameters"]),
        (
            ["LATCHKEY_SECRETS_BACKEND": "secrets-manager", "LATCHKEY_SHARED_TIER": "none"],
            ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        ),
        (
            ["LATCHKEY_SHARED_TIER": "dynamodb:tokens"],
            ["ssm:GetParameter", "ssm:GetParameters", "dynamodb:GetItem", "dynamodb:UpdateItem"]
        ),
    ])
    func `The broker gets the permissions that its settings need and no more`(
        environment: [String: String], actions: [String]
    ) throws {
        #expect(try Self.actions(Self.runtime(environment)) == Set(actions))
    }

    @Test func `Listing is allowed only on request, in the stores that are read`() {
        var policy = RuntimePolicy(place: Self.place())
        policy.readsSecretsManager = true
        let closed = Self.actions(policy.document)
        policy.lists = true
        let listing: Set = ["ssm:GetParametersByPath", "secretsmanager:ListSecrets"]
        #expect(Self.actions(policy.document).subtracting(closed) == listing)
        policy.readsParameterStore = false
        #expect(!Self.actions(policy.document).contains("ssm:GetParametersByPath"))
    }

    @Test func `A key is named only if one is given, and the broker may only decrypt with it`() throws {
        #expect(try !Self.actions(Self.runtime()).contains { $0.hasPrefix("kms:") })
        let kms = try Self.actions(Self.runtime(key: Self.key)).filter { $0.hasPrefix("kms:") }
        #expect(kms == ["kms:Decrypt"])
    }

    @Test(
        arguments: [
            ([:], ["kms:Decrypt", "kms:Encrypt"]),
            (["LATCHKEY_TOKEN_PARAMETER_TIER": "advanced"], ["kms:Decrypt", "kms:GenerateDataKey"]),
            (
                ["LATCHKEY_TOKEN_PARAMETER_TIER": "intelligent-tiering"],
                ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
            ),
            (["LATCHKEY_SHARED_TIER": "dynamodb:tokens"], []), (["LATCHKEY_SHARED_TIER": "none"], []),
            (["LATCHKEY_TOKEN_KMS_KEY": "alias/aws/ssm"], []),
        ] as [([String: String], Set<String>)])
    func `The token's own key is allowed for the token only, as its tier needs it`(
        environment: [String: String], actions: Set<String>
    ) throws {
        let document = try Self.runtime(["LATCHKEY_TOKEN_KMS_KEY": Self.key].merging(environment) { $1 })
        let statement = document.statements.first { $0.name == "UseTheTokenKey" }
        #expect(Set(statement?.actions ?? []) == actions)
        guard let statement else { return }
        #expect(statement.resources == [Self.key])
        let context = statement.conditions.first { $0.key == "kms:EncryptionContext:PARAMETER_ARN" }
        #expect(context?.values == [Self.place().parameter("auth0-cache/token")])
    }

    @Test(
        arguments: [
            ("1234abcd-12ab-34cd-56ef-1234567890ab", key, nil),
            ("alias/orders", "arn:aws:kms:eu-central-1:111122223333:key/*", "alias/orders"),
            (
                "arn:aws:kms:eu-central-1:111122223333:alias/orders", "arn:aws:kms:eu-central-1:111122223333:key/*",
                "alias/orders"
            ),
        ] as [(String, String, String?)])
    func `A key is a resource, and an alias becomes a condition`(name: String, arn: String, alias: String?) throws {
        let document = try Self.runtime(["LATCHKEY_TOKEN_KMS_KEY": name])
        let statement = try #require(document.statements.first { $0.name == "UseTheTokenKey" })
        #expect(statement.resources == [arn])
        let aliases = statement.conditions.first { $0.key == "kms:ResourceAliases" }
        #expect(aliases?.values == alias.map { [$0] })
    }

    @Test func `The migrator gets neither tokens nor deletions unless requested`() {
        var policy = MigratorPolicy(place: Self.place())
        #expect(!Self.actions(policy.document).contains("secretsmanager:DeleteSecret"))
        #expect(
            policy.document.statements.contains {
                $0.effect == .deny && $0.resources == [Self.place().parameter("auth0-cache/*")]
            })
        policy.deletes = true
        #expect(Self.actions(policy.document).contains("secretsmanager:DeleteSecret"))
    }

    @Test func `The text has the same content as the JSON`() throws {
        let document = try Self.runtime(key: Self.key)
        #expect(try JSON(parsing: Array(document.text.utf8)) == document.json)
        #expect(document.length < document.text.count)
    }

    @Test(arguments: [
        "alias/aws/ssm", "1234abcd-12ab-34cd-56ef-1234567890ab", key + "${x}", key + "\"",
        key.replacing("kms", with: "s3"), key.replacing("111122223333", with: "1"),
        key.replacing(":key/", with: ":alias/"),
    ])
    func `Anything but a key's ARN is refused`(text: String) { #expect(KeyARN(text) == nil) }

    @Test func `A key's ARN has its region and account`() throws {
        let key = try #require(KeyARN(Self.key))
        #expect((key.region, key.account) == ("eu-central-1", "111122223333"))
    }
}
