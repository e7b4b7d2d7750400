import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyTestSupport
import Testing

@Suite struct `A Secrets Manager of our own` {
    private static let token1: JSON = "11111111-1111-4111-8111-111111111111"
    private static let token2: JSON = "22222222-2222-4222-8222-222222222222"
    private static let token3: JSON = "33333333-3333-4333-8333-333333333333"

    private func bench() throws -> DevBench {
        let bench = try DevBench { $0.isSeeded = false }
        _ = try bench.secrets(
            "CreateSecret", ["Name": "app/db", "SecretString": "one", "ClientRequestToken": Self.token1])
        return bench
    }

    static let refusals: [AWSRefusal] = [
        AWSRefusal(
            source: "CreateSecret API, Name", operation: "CreateSecret", input: ["Name": "a b"],
            type: "ValidationException", says: "Invalid name"),
        AWSRefusal(
            source: "CreateSecret API, Name", operation: "CreateSecret", input: ["Name": "a:b"],
            type: "ValidationException"),
        AWSRefusal(
            source: "CreateSecret API, Name", operation: "CreateSecret",
            input: ["Name": .string(String(repeating: "n", count: 513))], type: "ValidationException"),
        AWSRefusal(
            source: "CreateSecret API, Errors", operation: "CreateSecret",
            input: ["Name": "app/db", "SecretString": "x", "ClientRequestToken": token2],
            type: "ResourceExistsException"),
        AWSRefusal(
            source: "CreateSecret API, SecretString", operation: "CreateSecret",
            input: ["Name": "n", "SecretString": "x", "SecretBinary": "eA==", "ClientRequestToken": token2],
            type: "InvalidParameterException"),
        AWSRefusal(
            source: "CreateSecret API, ClientRequestToken", operation: "CreateSecret",
            input: ["Name": "n", "SecretString": "x"], type: "InvalidRequestException", says: "ClientRequestToken"),
        AWSRefusal(
            source: "secretsmanager model, ClientRequestTokenType", operation: "CreateSecret",
            input: ["Name": "n", "SecretString": "x", "ClientRequestToken": "short"], type: "ValidationException"),
        AWSRefusal(
            source: "secretsmanager model, SecretStringType", operation: "PutSecretValue",
            input: [
                "SecretId": "app/db", "SecretString": .string(String(repeating: "x", count: 65_537)),
                "ClientRequestToken": token2,
            ], type: "ValidationException", says: "65536"),
        AWSRefusal(
            source: "PutSecretValue API", operation: "PutSecretValue",
            input: ["SecretId": "app/db", "ClientRequestToken": token2], type: "InvalidRequestException"),
        AWSRefusal(
            source: "PutSecretValue API, ClientRequestToken", operation: "PutSecretValue",
            input: ["SecretId": "app/db", "SecretString": "other", "ClientRequestToken": token1],
            type: "ResourceExistsException"),
        AWSRefusal(
            source: "GetSecretValue API, Errors", operation: "GetSecretValue", input: ["SecretId": "nope"],
            type: "ResourceNotFoundException", says: "can't find"),
        AWSRefusal(
            source: "GetSecretValue API, VersionStage", operation: "GetSecretValue",
            input: ["SecretId": "app/db", "VersionStage": "AWSPENDING"], type: "ResourceNotFoundException",
            says: "AWSPENDING"),
        AWSRefusal(
            source: "GetSecretValue API, VersionId", operation: "GetSecretValue",
            input: ["SecretId": "app/db", "VersionId": token2], type: "ResourceNotFoundException"),
        AWSRefusal(
            source: "GetSecretValue API, VersionStage", operation: "GetSecretValue",
            input: ["SecretId": "app/db", "VersionId": token1, "VersionStage": "AWSPREVIOUS"],
            type: "InvalidRequestException"),
        AWSRefusal(
            source: "secretsmanager model, GetSecretValueRequest", operation: "GetSecretValue", input: [:],
            type: "ValidationException"),
        AWSRefusal(
            source: "secretsmanager model, SecretIdListType", operation: "BatchGetSecretValue",
            input: ["SecretIdList": .array((0...20).map { .string("n\($0)") })], type: "ValidationException"),
        AWSRefusal(
            source: "BatchGetSecretValue API", operation: "BatchGetSecretValue", input: [:],
            type: "InvalidParameterException"),
        AWSRefusal(
            source: "DeleteSecret API, RecoveryWindowInDays", operation: "DeleteSecret",
            input: ["SecretId": "app/db", "RecoveryWindowInDays": 6], type: "InvalidParameterException"),
        AWSRefusal(
            source: "DeleteSecret API, RecoveryWindowInDays", operation: "DeleteSecret",
            input: ["SecretId": "app/db", "RecoveryWindowInDays": 31], type: "InvalidParameterException"),
        AWSRefusal(
            source: "DeleteSecret API, ForceDeleteWithoutRecovery", operation: "DeleteSecret",
            input: ["SecretId": "app/db", "RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": true],
            type: "InvalidParameterException"),
        AWSRefusal(
            source: "ListSecrets API, Errors", operation: "ListSecrets", input: ["NextToken": "made-up"],
            type: "InvalidNextTokenException"),
        AWSRefusal(
            source: "secretsmanager model, MaxResultsType", operation: "ListSecrets", input: ["MaxResults": 101],
            type: "ValidationException"),
        AWSRefusal(
            source: "AWS common errors", operation: "RotateSecret", input: ["SecretId": "app/db"],
            type: "com.amazon.coral.service#UnknownOperationException"),
    ]

    @Test(arguments: refusals)
    func `What AWS refuses is refused with its error and changes nothing`(refusal: AWSRefusal) throws {
        let bench = try bench()
        let before = try bench.secrets("ListSecrets", [:])
        let failure = try #require(bench.failure("secretsmanager.\(refusal.operation)", refusal.input))
        #expect(failure.type == refusal.type)
        #expect(failure.status == 400)
        #expect((failure.message ?? "").contains(refusal.says) || refusal.says.isEmpty)
        #expect(try bench.secrets("ListSecrets", [:]) == before)
    }

    @Test func `A new value becomes current and the old one previous`() throws {
        let bench = try bench()
        let put: JSON = ["SecretId": "app/db", "SecretString": "two", "ClientRequestToken": Self.token2]
        #expect(try bench.secrets("PutSecretValue", put)["VersionStages"] == ["AWSCURRENT"])
        // The same request again, as a retry sends it, changes nothing.
        #expect(try bench.secrets("PutSecretValue", put)["VersionId"] == Self.token2)
        let current = try bench.secrets("GetSecretValue", ["SecretId": "app/db"])
        #expect(current["SecretString"] == "two")
        #expect(current["VersionId"] == Self.token2)
        #expect(current["CreatedDate"] == 1_700_000_000)
        let previous = try bench.secrets("GetSecretValue", ["SecretId": "app/db", "VersionStage": "AWSPREVIOUS"])
        #expect(previous["SecretString"] == "one")
        _ = try bench.secrets(
            "UpdateSecret", ["SecretId": "app/db", "SecretString": "three", "ClientRequestToken": Self.token3])
        let stages = try bench.secrets("DescribeSecret", ["SecretId": "app/db"])["VersionIdsToStages"]
        #expect(
            stages == [Self.token2.string ?? "": ["AWSPREVIOUS"], Self.token3.string ?? "": ["AWSCURRENT"]] as JSON)
        // A version without a label is still there by its id.
        let oldest = try bench.secrets("GetSecretValue", ["SecretId": "app/db", "VersionId": Self.token1])
        #expect(oldest["SecretString"] == "one")
        #expect(oldest["VersionStages"] == [])
    }

    @Test func `A pending version does not move the current one`() throws {
        let bench = try bench()
        _ = try bench.secrets(
            "PutSecretValue",
            [
                "SecretId": "app/db", "SecretString": "two", "ClientRequestToken": Self.token2,
                "VersionStages": ["AWSPENDING"],
            ])
        #expect(try bench.secrets("GetSecretValue", ["SecretId": "app/db"])["SecretString"] == "one")
    }

    @Test func `Creating again with the same token and value is the same request`() throws {
        let bench = try bench()
        let again: JSON = ["Name": "app/db", "SecretString": "one", "ClientRequestToken": Self.token1]
        #expect(try bench.secrets("CreateSecret", again)["VersionId"] == Self.token1)
    }

    @Test func `A secret is found by name, ARN and ARN without its ending, and bytes come back as base64`() throws {
        let bench = try bench()
        let made = try bench.secrets(
            "CreateSecret", ["Name": "bin@x+=.-_", "SecretBinary": "AP8=", "ClientRequestToken": Self.token2])
        let arn = try #require(made["ARN"]?.string)
        #expect(arn.hasPrefix("arn:aws:secretsmanager:us-east-1:123456789012:secret:bin@x+=.-_-"))
        for id in ["bin@x+=.-_", arn, String(arn.dropLast(7))] {
            #expect(try bench.secrets("GetSecretValue", ["SecretId": .string(id)])["SecretBinary"] == "AP8=")
        }
    }

    @Test func `BatchGetSecretValue gives what it can and lists the rest`() throws {
        let bench = try bench()
        let answer = try bench.secrets("BatchGetSecretValue", ["SecretIdList": ["app/db", "nope"]])
        #expect(answer["SecretValues"]?.array?.count == 1)
        #expect(answer["Errors"]?.array?.first?["ErrorCode"] == "ResourceNotFoundException")
        #expect(answer["Errors"]?.array?.first?["SecretId"] == "nope")
        let filtered = try bench.secrets(
            "BatchGetSecretValue", ["Filters": [["Key": "name", "Values": ["app/"]]], "MaxResults": 20])
        #expect(filtered["SecretValues"]?.array?.count == 1)
    }

    @Test func `A deleted secret can be restored until its date and not after`() throws {
        let bench = try bench()
        let deleted = try bench.secrets("DeleteSecret", ["SecretId": "app/db", "RecoveryWindowInDays": 7])
        #expect(deleted["DeletionDate"]?.double == 1_700_604_800)
        #expect(
            bench.failure("secretsmanager.GetSecretValue", ["SecretId": "app/db"])?.type == "InvalidRequestException")
        let create: JSON = ["Name": "app/db", "SecretString": "x", "ClientRequestToken": Self.token2]
        #expect(bench.failure("secretsmanager.CreateSecret", create)?.type == "InvalidRequestException")
        #expect(try bench.secrets("ListSecrets", [:])["SecretList"] == [])
        #expect(try bench.secrets("ListSecrets", ["IncludePlannedDeletion": true])["SecretList"]?.array?.count == 1)
        #expect(try bench.secrets("DescribeSecret", ["SecretId": "app/db"])["DeletedDate"] != nil)
        bench.clock.advance(by: .seconds(6 * 86_400))
        _ = try bench.secrets("RestoreSecret", ["SecretId": "app/db"])
        #expect(try bench.secrets("GetSecretValue", ["SecretId": "app/db"])["SecretString"] == "one")
        _ = try bench.secrets("DeleteSecret", ["SecretId": "app/db", "RecoveryWindowInDays": 7])
        bench.clock.advance(by: .seconds(8 * 86_400))
        #expect(
            bench.failure("secretsmanager.RestoreSecret", ["SecretId": "app/db"])?.type == "ResourceNotFoundException")
        _ = try bench.secrets("CreateSecret", create)
        _ = try bench.secrets("DeleteSecret", ["SecretId": "app/db", "ForceDeleteWithoutRecovery": true])
        #expect(
            bench.failure("secretsmanager.DescribeSecret", ["SecretId": "app/db"])?.type == "ResourceNotFoundException")
    }

    @Test func `Secrets are listed in pages and by the beginning of their names`() throws {
        let bench = try bench()
        for number in 10..<15 { _ = try bench.secrets("CreateSecret", ["Name": .string("list/\(number)")]) }
        let first = try bench.secrets("ListSecrets", ["MaxResults": 4])
        #expect(first["SecretList"]?.array?.count == 4)
        let second = try bench.secrets("ListSecrets", ["MaxResults": 4, "NextToken": first["NextToken"] ?? .null])
        #expect(second["SecretList"]?.array?.count == 2)
        #expect(second["NextToken"] == nil)
        let filter: JSON = ["Filters": [["Key": "name", "Values": ["list/"]]]]
        #expect(try bench.secrets("ListSecrets", filter)["SecretList"]?.array?.count == 5)
    }

    @Test func `Tags are added and taken away`() throws {
        let bench = try bench()
        _ = try bench.secrets(
            "TagResource", ["SecretId": "app/db", "Tags": [["Key": "a", "Value": "1"], ["Key": "b"]]])
        _ = try bench.secrets("UntagResource", ["SecretId": "app/db", "TagKeys": ["b"]])
        #expect(try bench.secrets("DescribeSecret", ["SecretId": "app/db"])["Tags"] == [["Key": "a", "Value": "1"]])
    }
}
