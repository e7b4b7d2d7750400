import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyTestSupport
import Testing

@Suite("The emulated Secrets Manager") struct SecretsManagerTests {
    private static let token1: JSON = "11111111-1111-4111-8111-111111111111"
    private static let token2: JSON = "22222222-2222-4222-8222-222222222222"
    private static let token3: JSON = "33333333-3333-4333-8333-333333333333"

    private func store() throws -> DevFixture {
        let fixture = try DevFixture { $0.isSeeded = false }
        _ = try fixture.secrets(
            "CreateSecret", ["Name": "app/db", "SecretString": "one", "ClientRequestToken": Self.token1])
        return fixture
    }

    static let rejections: [RejectedRequest] = [
        RejectedRequest(
            source: "CreateSecret API, Name", operation: "CreateSecret", input: ["Name": "a b"],
            type: "ValidationException", messagePart: "Invalid name"),
        RejectedRequest(
            source: "CreateSecret API, Name", operation: "CreateSecret", input: ["Name": "a:b"],
            type: "ValidationException"),
        RejectedRequest(
            source: "CreateSecret API, Name", operation: "CreateSecret",
            input: ["Name": .string(String(repeating: "n", count: 513))], type: "ValidationException"),
        RejectedRequest(
            source: "CreateSecret API, Errors", operation: "CreateSecret",
            input: ["Name": "app/db", "SecretString": "x", "ClientRequestToken": token2],
            type: "ResourceExistsException"),
        RejectedRequest(
            source: "CreateSecret API, SecretString", operation: "CreateSecret",
            input: ["Name": "n", "SecretString": "x", "SecretBinary": "eA==", "ClientRequestToken": token2],
            type: "InvalidParameterException"),
        RejectedRequest(
            source: "CreateSecret API, ClientRequestToken", operation: "CreateSecret",
            input: ["Name": "n", "SecretString": "x"], type: "InvalidRequestException",
            messagePart: "ClientRequestToken"),
        RejectedRequest(
            source: "secretsmanager model, ClientRequestTokenType", operation: "CreateSecret",
            input: ["Name": "n", "SecretString": "x", "ClientRequestToken": "short"], type: "ValidationException"),
        RejectedRequest(
            source: "secretsmanager model, SecretStringType", operation: "PutSecretValue",
            input: [
                "SecretId": "app/db", "SecretString": .string(String(repeating: "x", count: 65_537)),
                "ClientRequestToken": token2,
            ], type: "ValidationException", messagePart: "65536"),
        RejectedRequest(
            source: "PutSecretValue API", operation: "PutSecretValue",
            input: ["SecretId": "app/db", "ClientRequestToken": token2], type: "InvalidRequestException"),
        RejectedRequest(
            source: "PutSecretValue API, ClientRequestToken", operation: "PutSecretValue",
            input: ["SecretId": "app/db", "SecretString": "other", "ClientRequestToken": token1],
            type: "ResourceExistsException"),
        RejectedRequest(
            source: "GetSecretValue API, Errors", operation: "GetSecretValue", input: ["SecretId": "nope"],
            type: "ResourceNotFoundException", messagePart: "can't find"),
        RejectedRequest(
            source: "GetSecretValue API, VersionStage", operation: "GetSecretValue",
            input: ["SecretId": "app/db", "VersionStage": "AWSPENDING"], type: "ResourceNotFoundException",
            messagePart: "AWSPENDING"),
        RejectedRequest(
            source: "GetSecretValue API, VersionId", operation: "GetSecretValue",
            input: ["SecretId": "app/db", "VersionId": token2], type: "ResourceNotFoundException"),
        RejectedRequest(
            source: "GetSecretValue API, VersionStage", operation: "GetSecretValue",
            input: ["SecretId": "app/db", "VersionId": token1, "VersionStage": "AWSPREVIOUS"],
            type: "InvalidRequestException"),
        RejectedRequest(
            source: "secretsmanager model, GetSecretValueRequest", operation: "GetSecretValue", input: [:],
            type: "ValidationException"),
        RejectedRequest(
            source: "secretsmanager model, SecretIdListType", operation: "BatchGetSecretValue",
            input: ["SecretIdList": .array((0...20).map { .string("n\($0)") })], type: "ValidationException"),
        RejectedRequest(
            source: "BatchGetSecretValue API", operation: "BatchGetSecretValue", input: [:],
            type: "InvalidParameterException"),
        RejectedRequest(
            source: "DeleteSecret API, RecoveryWindowInDays", operation: "DeleteSecret",
            input: ["SecretId": "app/db", "RecoveryWindowInDays": 6], type: "InvalidParameterException"),
        RejectedRequest(
            source: "DeleteSecret API, RecoveryWindowInDays", operation: "DeleteSecret",
            input: ["SecretId": "app/db", "RecoveryWindowInDays": 31], type: "InvalidParameterException"),
        RejectedRequest(
            source: "DeleteSecret API, ForceDeleteWithoutRecovery", operation: "DeleteSecret",
            input: ["SecretId": "app/db", "RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": true],
            type: "InvalidParameterException"),
        RejectedRequest(
            source: "ListSecrets API, Errors", operation: "ListSecrets", input: ["NextToken": "made-up"],
            type: "InvalidNextTokenException"),
        RejectedRequest(
            source: "secretsmanager model, MaxResultsType", operation: "ListSecrets", input: ["MaxResults": 101],
            type: "ValidationException"),
        RejectedRequest(
            source: "AWS common errors", operation: "RotateSecret", input: ["SecretId": "app/db"],
            type: "com.amazon.coral.service#UnknownOperationException"),
    ]

    @Test(arguments: rejections)
    func `A request that AWS rejects gets AWS's error and changes nothing`(request: RejectedRequest) throws {
        let fixture = try store()
        let before = try fixture.secrets("ListSecrets", [:])
        let failure = try #require(fixture.failure("secretsmanager.\(request.operation)", request.input))
        #expect(failure.type == request.type)
        #expect(failure.status == 400)
        #expect((failure.message ?? "").contains(request.messagePart) || request.messagePart.isEmpty)
        #expect(try fixture.secrets("ListSecrets", [:]) == before)
    }

    @Test func `A new value becomes AWSCURRENT and the old one AWSPREVIOUS`() throws {
        let fixture = try store()
        let put: JSON = ["SecretId": "app/db", "SecretString": "two", "ClientRequestToken": Self.token2]
        #expect(try fixture.secrets("PutSecretValue", put)["VersionStages"] == ["AWSCURRENT"])
        // A retry of the same request changes nothing.
        #expect(try fixture.secrets("PutSecretValue", put)["VersionId"] == Self.token2)
        let current = try fixture.secrets("GetSecretValue", ["SecretId": "app/db"])
        #expect(current["SecretString"] == "two")
        #expect(current["VersionId"] == Self.token2)
        #expect(current["CreatedDate"] == 1_700_000_000)
        let previous = try fixture.secrets("GetSecretValue", ["SecretId": "app/db", "VersionStage": "AWSPREVIOUS"])
        #expect(previous["SecretString"] == "one")
        _ = try fixture.secrets(
            "UpdateSecret", ["SecretId": "app/db", "SecretString": "three", "ClientRequestToken": Self.token3])
        let stages = try fixture.secrets("DescribeSecret", ["SecretId": "app/db"])["VersionIdsToStages"]
        #expect(
            stages == [Self.token2.string ?? "": ["AWSPREVIOUS"], Self.token3.string ?? "": ["AWSCURRENT"]] as JSON)
        // A version without a label can still be read by its ID.
        let oldest = try fixture.secrets("GetSecretValue", ["SecretId": "app/db", "VersionId": Self.token1])
        #expect(oldest["SecretString"] == "one")
        #expect(oldest["VersionStages"] == [])
    }

    @Test func `A pending version does not replace the current one`() throws {
        let fixture = try store()
        _ = try fixture.secrets(
            "PutSecretValue",
            [
                "SecretId": "app/db", "SecretString": "two", "ClientRequestToken": Self.token2,
                "VersionStages": ["AWSPENDING"],
            ])
        #expect(try fixture.secrets("GetSecretValue", ["SecretId": "app/db"])["SecretString"] == "one")
    }

    @Test func `A second CreateSecret with the same token and value is a retry`() throws {
        let fixture = try store()
        let again: JSON = ["Name": "app/db", "SecretString": "one", "ClientRequestToken": Self.token1]
        #expect(try fixture.secrets("CreateSecret", again)["VersionId"] == Self.token1)
    }

    @Test func `A secret is found by name, ARN and partial ARN, and bytes are returned as base64`() throws {
        let fixture = try store()
        let made = try fixture.secrets(
            "CreateSecret", ["Name": "bin@x+=.-_", "SecretBinary": "AP8=", "ClientRequestToken": Self.token2])
        let arn = try #require(made["ARN"]?.string)
        #expect(arn.hasPrefix("arn:aws:secretsmanager:us-east-1:123456789012:secret:bin@x+=.-_-"))
        for id in ["bin@x+=.-_", arn, String(arn.dropLast(7))] {
            #expect(try fixture.secrets("GetSecretValue", ["SecretId": .string(id)])["SecretBinary"] == "AP8=")
        }
    }

    @Test func `BatchGetSecretValue returns existing secrets and lists errors for the others`() throws {
        let fixture = try store()
        let answer = try fixture.secrets("BatchGetSecretValue", ["SecretIdList": ["app/db", "nope"]])
        #expect(answer["SecretValues"]?.array?.count == 1)
        #expect(answer["Errors"]?.array?.first?["ErrorCode"] == "ResourceNotFoundException")
        #expect(answer["Errors"]?.array?.first?["SecretId"] == "nope")
        let filtered = try fixture.secrets(
            "BatchGetSecretValue", ["Filters": [["Key": "name", "Values": ["app/"]]], "MaxResults": 20])
        #expect(filtered["SecretValues"]?.array?.count == 1)
    }

    @Test func `A deleted secret can be restored until its deletion date`() throws {
        let fixture = try store()
        let deleted = try fixture.secrets("DeleteSecret", ["SecretId": "app/db", "RecoveryWindowInDays": 7])
        #expect(deleted["DeletionDate"]?.double == 1_700_604_800)
        #expect(
            fixture.failure("secretsmanager.GetSecretValue", ["SecretId": "app/db"])?.type == "InvalidRequestException")
        let create: JSON = ["Name": "app/db", "SecretString": "x", "ClientRequestToken": Self.token2]
        #expect(fixture.failure("secretsmanager.CreateSecret", create)?.type == "InvalidRequestException")
        #expect(try fixture.secrets("ListSecrets", [:])["SecretList"] == [])
        #expect(try fixture.secrets("ListSecrets", ["IncludePlannedDeletion": true])["SecretList"]?.array?.count == 1)
        #expect(try fixture.secrets("DescribeSecret", ["SecretId": "app/db"])["DeletedDate"] != nil)
        fixture.clock.advance(by: .seconds(6 * 86_400))
        _ = try fixture.secrets("RestoreSecret", ["SecretId": "app/db"])
        #expect(try fixture.secrets("GetSecretValue", ["SecretId": "app/db"])["SecretString"] == "one")
        _ = try fixture.secrets("DeleteSecret", ["SecretId": "app/db", "RecoveryWindowInDays": 7])
        fixture.clock.advance(by: .seconds(8 * 86_400))
        #expect(
            fixture.failure("secretsmanager.RestoreSecret", ["SecretId": "app/db"])?.type == "ResourceNotFoundException"
        )
        _ = try fixture.secrets("CreateSecret", create)
        _ = try fixture.secrets("DeleteSecret", ["SecretId": "app/db", "ForceDeleteWithoutRecovery": true])
        #expect(
            fixture.failure("secretsmanager.DescribeSecret", ["SecretId": "app/db"])?.type
                == "ResourceNotFoundException")
    }

    @Test func `Secrets are listed in pages and filtered by name prefix`() throws {
        let fixture = try store()
        for number in 10..<15 { _ = try fixture.secrets("CreateSecret", ["Name": .string("list/\(number)")]) }
        let first = try fixture.secrets("ListSecrets", ["MaxResults": 4])
        #expect(first["SecretList"]?.array?.count == 4)
        let second = try fixture.secrets("ListSecrets", ["MaxResults": 4, "NextToken": first["NextToken"] ?? .null])
        #expect(second["SecretList"]?.array?.count == 2)
        #expect(second["NextToken"] == nil)
        let filter: JSON = ["Filters": [["Key": "name", "Values": ["list/"]]]]
        #expect(try fixture.secrets("ListSecrets", filter)["SecretList"]?.array?.count == 5)
    }

    @Test func `Tags are added and removed`() throws {
        let fixture = try store()
        _ = try fixture.secrets(
            "TagResource", ["SecretId": "app/db", "Tags": [["Key": "a", "Value": "1"], ["Key": "b"]]])
        _ = try fixture.secrets("UntagResource", ["SecretId": "app/db", "TagKeys": ["b"]])
        #expect(try fixture.secrets("DescribeSecret", ["SecretId": "app/db"])["Tags"] == [["Key": "a", "Value": "1"]])
    }
}
