import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyTestSupport
import Testing

@Suite("What a Parameter Store of our own refuses") struct ParameterStoreRefusalTests {
    private static func text(_ count: Int) -> JSON { .string(String(repeating: "x", count: count)) }

    private static let naming = "PutParameter API, Name"
    private static let tiers = "User Guide, Managing parameter tiers"

    static let refusals: [AWSRefusal] = [
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("/a b"), type: "ValidationException",
            says: ".-_"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("/a+b"), type: "ValidationException"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("/a@b"), type: "ValidationException"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("/ä"), type: "ValidationException"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("/a//b"), type: "ValidationException"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("/a/"), type: "ValidationException"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("/"), type: "ValidationException"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("a/b"), type: "ValidationException",
            says: "fully qualified"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("/aws/x"),
            type: "AccessDeniedException",
            says: "reserved"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("/AwsOme"),
            type: "AccessDeniedException"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("awsome"), type: "ValidationException"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("/ssm/x"), type: "ValidationException"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter("SSMx"), type: "ValidationException"),
        AWSRefusal(
            source: naming, operation: "PutParameter",
            input: DevBench.parameter(String(repeating: "/l", count: 16)), type: "HierarchyLevelLimitExceededException"),
        AWSRefusal(
            source: naming, operation: "PutParameter",
            input: DevBench.parameter("/" + String(repeating: "n", count: 967)), type: "ValidationException",
            says: "1011"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: DevBench.parameter(""), type: "ValidationException"),
        AWSRefusal(
            source: "ssm model, PutParameterRequest", operation: "PutParameter",
            input: ["Value": "v", "Type": "String"],
            type: "ValidationException", says: "'name'"),
        AWSRefusal(
            source: "ssm model, PutParameterRequest", operation: "PutParameter",
            input: ["Name": "/n", "Type": "String"],
            type: "ValidationException", says: "'value'"),
        AWSRefusal(
            source: "PutParameter API, Type", operation: "PutParameter", input: ["Name": "/n", "Value": "v"],
            type: "ValidationException", says: "type is required"),
        AWSRefusal(
            source: "PutParameter API, Type", operation: "PutParameter",
            input: DevBench.parameter("/n", ["Type": "Secure"]),
            type: "ValidationException", says: "enum value set"),
        AWSRefusal(
            source: "PutParameter API, Value", operation: "PutParameter",
            input: DevBench.parameter("/n", ["Value": "a{{ssm:b}}"]),
            type: "ValidationException", says: "nest"),
        AWSRefusal(
            source: "PutParameter API, Value", operation: "PutParameter",
            input: DevBench.parameter("/n", ["Value": ""]),
            type: "ValidationException"),
        AWSRefusal(
            source: tiers, operation: "PutParameter", input: DevBench.parameter("/n", ["Value": text(4097)]),
            type: "ValidationException", says: "4096"),
        AWSRefusal(
            source: tiers, operation: "PutParameter",
            input: DevBench.parameter("/n", ["Value": .string(String(repeating: "ä", count: 2049))]),
            type: "ValidationException"),
        AWSRefusal(
            source: tiers, operation: "PutParameter",
            input: DevBench.parameter("/n", ["Value": text(8193), "Tier": "Advanced"]),
            type: "ValidationException", says: "8192"),
        AWSRefusal(
            source: tiers, operation: "PutParameter",
            input: DevBench.parameter("/n", ["Value": text(8193), "Tier": "Intelligent-Tiering"]),
            type: "ValidationException"),
        AWSRefusal(
            source: tiers, operation: "PutParameter", input: DevBench.parameter("/n", ["Tier": "Premium"]),
            type: "ValidationException"
        ),
        AWSRefusal(
            source: tiers, operation: "PutParameter",
            input: DevBench.parameter("/advanced", ["Tier": "Standard", "Overwrite": true]),
            type: "ValidationException",
            says: "downgrade"),
        AWSRefusal(
            source: "PutParameter API, Overwrite", operation: "PutParameter", input: DevBench.parameter("/there"),
            type: "ParameterAlreadyExists", says: "overwrite option"),
        AWSRefusal(
            source: "PutParameter API, HierarchyTypeMismatchException", operation: "PutParameter",
            input: DevBench.parameter("/there", ["Type": "SecureString", "Overwrite": true]),
            type: "HierarchyTypeMismatchException"),
        AWSRefusal(
            source: "PutParameter API, Tags", operation: "PutParameter",
            input: DevBench.parameter("/there", ["Overwrite": true, "Tags": [["Key": "k", "Value": "v"]]]),
            type: "ValidationException",
            says: "tags and overwrite"),
        AWSRefusal(
            source: "PutParameter API, Description", operation: "PutParameter",
            input: DevBench.parameter("/n", ["Description": text(1025)]),
            type: "ValidationException"),
        AWSRefusal(
            source: "PutParameter API, AllowedPattern", operation: "PutParameter",
            input: DevBench.parameter("/n", ["AllowedPattern": "^\\d+$"]), type: "ParameterPatternMismatchException"),
        AWSRefusal(
            source: "PutParameter API, AllowedPattern", operation: "PutParameter",
            input: DevBench.parameter("/n", ["AllowedPattern": "("]),
            type: "InvalidAllowedPatternException"),
        AWSRefusal(
            source: "PutParameter API, DataType", operation: "PutParameter",
            input: DevBench.parameter("/n", ["DataType": "number"]),
            type: "ValidationException"),
        AWSRefusal(
            source: "AWS JSON 1.1", operation: "PutParameter", input: DevBench.parameter("/n", ["Overwrite": "yes"]),
            type: "SerializationException"),
        AWSRefusal(
            source: "GetParameter API, Errors", operation: "GetParameter", input: ["Name": "/nope"],
            type: "ParameterNotFound"),
        AWSRefusal(
            source: "GetParameter API, Errors", operation: "GetParameter", input: ["Name": "/there:9"],
            type: "ParameterVersionNotFound", says: "version 9"),
        AWSRefusal(
            source: "GetParameter API, Errors", operation: "GetParameter", input: ["Name": "/there:label"],
            type: "ParameterVersionNotFound"),
        AWSRefusal(
            source: "ssm model, GetParametersRequest", operation: "GetParameters",
            input: ["Names": .array((0...10).map { .string("/n\($0)") })], type: "ValidationException",
            says: "less than or equal to 10"),
        AWSRefusal(
            source: "ssm model, GetParametersRequest", operation: "GetParameters", input: ["Names": []],
            type: "ValidationException"),
        AWSRefusal(
            source: "ssm model, GetParametersByPathMaxResults", operation: "GetParametersByPath",
            input: ["Path": "/a", "MaxResults": 11], type: "ValidationException"),
        AWSRefusal(
            source: "GetParametersByPath API, Path", operation: "GetParametersByPath", input: ["Path": "a"],
            type: "ValidationException", says: "forward slash"),
        AWSRefusal(
            source: "GetParametersByPath API, Errors", operation: "GetParametersByPath",
            input: ["Path": "/a", "NextToken": "made-up"], type: "InvalidNextToken"),
        AWSRefusal(
            source: "GetParametersByPath API, Errors", operation: "GetParametersByPath",
            input: ["Path": "/a", "ParameterFilters": [["Key": "Colour", "Values": ["red"]]]], type: "InvalidFilterKey"),
        AWSRefusal(
            source: "DeleteParameter API, Errors", operation: "DeleteParameter", input: ["Name": "/nope"],
            type: "ParameterNotFound"),
        AWSRefusal(
            source: "GetParameterHistory API, Errors", operation: "GetParameterHistory", input: ["Name": "/nope"],
            type: "ParameterNotFound"),
        AWSRefusal(
            source: "LabelParameterVersion API, Errors", operation: "LabelParameterVersion",
            input: ["Name": "/there", "ParameterVersion": 9, "Labels": ["a"]], type: "ParameterVersionNotFound"),
        AWSRefusal(
            source: "AddTagsToResource API, Errors", operation: "AddTagsToResource",
            input: ["ResourceType": "Parameter", "ResourceId": "/nope", "Tags": []], type: "InvalidResourceId"),
        AWSRefusal(
            source: "AWS common errors", operation: "StartSession", input: [:],
            type: "com.amazon.coral.service#UnknownOperationException"),
    ]

    @Test(arguments: refusals)
    func `What AWS refuses is refused with its error and changes nothing`(refusal: AWSRefusal) throws {
        let bench = try DevBench()
        _ = try bench.ssm("PutParameter", DevBench.parameter("/there"))
        _ = try bench.ssm("PutParameter", DevBench.parameter("/advanced", ["Tier": "Advanced"]))
        let before = try bench.ssm("DescribeParameters", [:])
        let failure = try #require(bench.failure("AmazonSSM.\(refusal.operation)", refusal.input))
        #expect(failure.type == refusal.type)
        #expect(failure.status == 400)
        #expect((failure.message ?? "").contains(refusal.says) || refusal.says.isEmpty)
        #expect(try bench.ssm("DescribeParameters", [:]) == before)
    }

    @Test func `A name, a value and a depth at their very limits are taken`() throws {
        let bench = try DevBench()
        for name in ["/" + String(repeating: "n", count: 966), String(repeating: "/l", count: 15), "plain.name_1-2"] {
            #expect(try bench.ssm("PutParameter", DevBench.parameter(name)) == ["Tier": "Standard", "Version": 1])
        }
        let values = [
            (4096, "Standard", "Standard"), (8192, "Advanced", "Advanced"), (4097, "Intelligent-Tiering", "Advanced"),
            (4096, "Intelligent-Tiering", "Standard"),
        ]
        for (number, value) in values.enumerated() {
            let input = DevBench.parameter("/v\(number)", ["Value": Self.text(value.0), "Tier": .string(value.1)])
            #expect(try bench.ssm("PutParameter", input)["Tier"]?.string == value.2)
        }
    }
}
