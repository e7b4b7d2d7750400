import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyTestSupport
import Testing

@Suite("Requests that the emulated Parameter Store rejects") struct ParameterStoreRejectionTests {
    private static func text(_ count: Int) -> JSON { .string(String(repeating: "x", count: count)) }

    private static let naming = "PutParameter API, Name"
    private static let tiers = "User Guide, Managing parameter tiers"

    static let rejections: [RejectedRequest] = [
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("/a b"), type: "ValidationException",
            messagePart: ".-_"),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("/a+b"), type: "ValidationException"),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("/a@b"), type: "ValidationException"),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("/ä"), type: "ValidationException"),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("/a//b"), type: "ValidationException"
        ),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("/a/"), type: "ValidationException"),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("/"), type: "ValidationException"),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("a/b"), type: "ValidationException",
            messagePart: "fully qualified"),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("/aws/x"),
            type: "AccessDeniedException",
            messagePart: "reserved"),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("/AwsOme"),
            type: "AccessDeniedException"),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("awsome"),
            type: "ValidationException"),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("/ssm/x"),
            type: "ValidationException"),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter("SSMx"), type: "ValidationException"),
        RejectedRequest(
            source: naming, operation: "PutParameter",
            input: DevFixture.parameter(String(repeating: "/l", count: 16)),
            type: "HierarchyLevelLimitExceededException"),
        RejectedRequest(
            source: naming, operation: "PutParameter",
            input: DevFixture.parameter("/" + String(repeating: "n", count: 967)), type: "ValidationException",
            messagePart: "1011"),
        RejectedRequest(
            source: naming, operation: "PutParameter", input: DevFixture.parameter(""), type: "ValidationException"),
        RejectedRequest(
            source: "ssm model, PutParameterRequest", operation: "PutParameter",
            input: ["Value": "v", "Type": "String"],
            type: "ValidationException", messagePart: "'name'"),
        RejectedRequest(
            source: "ssm model, PutParameterRequest", operation: "PutParameter",
            input: ["Name": "/n", "Type": "String"],
            type: "ValidationException", messagePart: "'value'"),
        RejectedRequest(
            source: "PutParameter API, Type", operation: "PutParameter", input: ["Name": "/n", "Value": "v"],
            type: "ValidationException", messagePart: "type is required"),
        RejectedRequest(
            source: "PutParameter API, Type", operation: "PutParameter",
            input: DevFixture.parameter("/n", ["Type": "Secure"]),
            type: "ValidationException", messagePart: "enum value set"),
        RejectedRequest(
            source: "PutParameter API, Value", operation: "PutParameter",
            input: DevFixture.parameter("/n", ["Value": "a{{ssm:b}}"]),
            type: "ValidationException", messagePart: "nest"),
        RejectedRequest(
            source: "PutParameter API, Value", operation: "PutParameter",
            input: DevFixture.parameter("/n", ["Value": ""]),
            type: "ValidationException"),
        RejectedRequest(
            source: tiers, operation: "PutParameter", input: DevFixture.parameter("/n", ["Value": text(4097)]),
            type: "ValidationException", messagePart: "4096"),
        RejectedRequest(
            source: tiers, operation: "PutParameter",
            input: DevFixture.parameter("/n", ["Value": .string(String(repeating: "ä", count: 2049))]),
            type: "ValidationException"),
        RejectedRequest(
            source: tiers, operation: "PutParameter",
            input: DevFixture.parameter("/n", ["Value": text(8193), "Tier": "Advanced"]),
            type: "ValidationException", messagePart: "8192"),
        RejectedRequest(
            source: tiers, operation: "PutParameter",
            input: DevFixture.parameter("/n", ["Value": text(8193), "Tier": "Intelligent-Tiering"]),
            type: "ValidationException"),
        RejectedRequest(
            source: tiers, operation: "PutParameter", input: DevFixture.parameter("/n", ["Tier": "Premium"]),
            type: "ValidationException"
        ),
        RejectedRequest(
            source: tiers, operation: "PutParameter",
            input: DevFixture.parameter("/advanced", ["Tier": "Standard", "Overwrite": true]),
            type: "ValidationException",
            messagePart: "downgrade"),
        RejectedRequest(
            source: "PutParameter API, Overwrite", operation: "PutParameter", input: DevFixture.parameter("/there"),
            type: "ParameterAlreadyExists", messagePart: "overwrite option"),
        RejectedRequest(
            source: "PutParameter API, HierarchyTypeMismatchException", operation: "PutParameter",
            input: DevFixture.parameter("/there", ["Type": "SecureString", "Overwrite": true]),
            type: "HierarchyTypeMismatchException"),
        RejectedRequest(
            source: "PutParameter API, Tags", operation: "PutParameter",
            input: DevFixture.parameter("/there", ["Overwrite": true, "Tags": [["Key": "k", "Value": "v"]]]),
            type: "ValidationException",
            messagePart: "tags and overwrite"),
        RejectedRequest(
            source: "PutParameter API, Description", operation: "PutParameter",
            input: DevFixture.parameter("/n", ["Description": text(1025)]),
            type: "ValidationException"),
        RejectedRequest(
            source: "PutParameter API, AllowedPattern", operation: "PutParameter",
            input: DevFixture.parameter("/n", ["AllowedPattern": "^\\d+$"]), type: "ParameterPatternMismatchException"),
        RejectedRequest(
            source: "PutParameter API, AllowedPattern", operation: "PutParameter",
            input: DevFixture.parameter("/n", ["AllowedPattern": "("]),
            type: "InvalidAllowedPatternException"),
        RejectedRequest(
            source: "PutParameter API, DataType", operation: "PutParameter",
            input: DevFixture.parameter("/n", ["DataType": "number"]),
            type: "ValidationException"),
        RejectedRequest(
            source: "AWS JSON 1.1", operation: "PutParameter", input: DevFixture.parameter("/n", ["Overwrite": "yes"]),
            type: "SerializationException"),
        RejectedRequest(
            source: "GetParameter API, Errors", operation: "GetParameter", input: ["Name": "/nope"],
            type: "ParameterNotFound"),
        RejectedRequest(
            source: "GetParameter API, Errors", operation: "GetParameter", input: ["Name": "/there:9"],
            type: "ParameterVersionNotFound", messagePart: "version 9"),
        RejectedRequest(
            source: "GetParameter API, Errors", operation: "GetParameter", input: ["Name": "/there:label"],
            type: "ParameterVersionNotFound"),
        RejectedRequest(
            source: "ssm model, GetParametersRequest", operation: "GetParameters",
            input: ["Names": .array((0...10).map { .string("/n\($0)") })], type: "ValidationException",
            messagePart: "less than or equal to 10"),
        RejectedRequest(
            source: "ssm model, GetParametersRequest", operation: "GetParameters", input: ["Names": []],
            type: "ValidationException"),
        RejectedRequest(
            source: "ssm model, GetParametersByPathMaxResults", operation: "GetParametersByPath",
            input: ["Path": "/a", "MaxResults": 11], type: "ValidationException"),
        RejectedRequest(
            source: "GetParametersByPath API, Path", operation: "GetParametersByPath", input: ["Path": "a"],
            type: "ValidationException", messagePart: "forward slash"),
        RejectedRequest(
            source: "GetParametersByPath API, Errors", operation: "GetParametersByPath",
            input: ["Path": "/a", "NextToken": "made-up"], type: "InvalidNextToken"),
        RejectedRequest(
            source: "GetParametersByPath API, Errors", operation: "GetParametersByPath",
            input: ["Path": "/a", "ParameterFilters": [["Key": "Colour", "Values": ["red"]]]], type: "InvalidFilterKey"),
        RejectedRequest(
            source: "DeleteParameter API, Errors", operation: "DeleteParameter", input: ["Name": "/nope"],
            type: "ParameterNotFound"),
        RejectedRequest(
            source: "GetParameterHistory API, Errors", operation: "GetParameterHistory", input: ["Name": "/nope"],
            type: "ParameterNotFound"),
        RejectedRequest(
            source: "LabelParameterVersion API, Errors", operation: "LabelParameterVersion",
            input: ["Name": "/there", "ParameterVersion": 9, "Labels": ["a"]], type: "ParameterVersionNotFound"),
        RejectedRequest(
            source: "AddTagsToResource API, Errors", operation: "AddTagsToResource",
            input: ["ResourceType": "Parameter", "ResourceId": "/nope", "Tags": []], type: "InvalidResourceId"),
        RejectedRequest(
            source: "AWS common errors", operation: "StartSession", input: [:],
            type: "com.amazon.coral.service#UnknownOperationException"),
    ]

    @Test(arguments: rejections)
    func `A request that AWS rejects gets AWS's error and changes nothing`(request: RejectedRequest) throws {
        let fixture = try DevFixture()
        _ = try fixture.ssm("PutParameter", DevFixture.parameter("/there"))
        _ = try fixture.ssm("PutParameter", DevFixture.parameter("/advanced", ["Tier": "Advanced"]))
        let before = try fixture.ssm("DescribeParameters", [:])
        let failure = try #require(fixture.failure("AmazonSSM.\(request.operation)", request.input))
        #expect(failure.type == request.type)
        #expect(failure.status == 400)
        #expect((failure.message ?? "").contains(request.messagePart) || request.messagePart.isEmpty)
        #expect(try fixture.ssm("DescribeParameters", [:]) == before)
    }

    @Test func `A name, a value and a depth at their limits are accepted`() throws {
        let fixture = try DevFixture()
        for name in ["/" + String(repeating: "n", count: 966), String(repeating: "/l", count: 15), "plain.name_1-2"] {
            #expect(try fixture.ssm("PutParameter", DevFixture.parameter(name)) == ["Tier": "Standard", "Version": 1])
        }
        let values = [
            (4096, "Standard", "Standard"), (8192, "Advanced", "Advanced"), (4097, "Intelligent-Tiering", "Advanced"),
            (4096, "Intelligent-Tiering", "Standard"),
        ]
        for (number, value) in values.enumerated() {
            let input = DevFixture.parameter("/v\(number)", ["Value": Self.text(value.0), "Tier": .string(value.1)])
            #expect(try fixture.ssm("PutParameter", input)["Tier"]?.string == value.2)
        }
    }
}
