import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyTestSupport
import Testing

@Suite struct `A Parameter Store of our own` {
    // MARK: What it refuses

    private static func put(_ name: String, _ more: JSONObject = [:]) -> JSON {
        .object((["Name": .string(name), "Value": "v", "Type": "String"] as JSONObject).merging(more))
    }

    private static func text(_ count: Int) -> JSON { .string(String(repeating: "x", count: count)) }

    private static let naming = "PutParameter API, Name"
    private static let tiers = "User Guide, Managing parameter tiers"

    static let refusals: [AWSRefusal] = [
        AWSRefusal(
            source: naming, operation: "PutParameter", input: put("/a b"), type: "ValidationException", says: ".-_"),
        AWSRefusal(source: naming, operation: "PutParameter", input: put("/a+b"), type: "ValidationException"),
        AWSRefusal(source: naming, operation: "PutParameter", input: put("/a@b"), type: "ValidationException"),
        AWSRefusal(source: naming, operation: "PutParameter", input: put("/ä"), type: "ValidationException"),
        AWSRefusal(source: naming, operation: "PutParameter", input: put("/a//b"), type: "ValidationException"),
        AWSRefusal(source: naming, operation: "PutParameter", input: put("/a/"), type: "ValidationException"),
        AWSRefusal(source: naming, operation: "PutParameter", input: put("/"), type: "ValidationException"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: put("a/b"), type: "ValidationException",
            says: "fully qualified"),
        AWSRefusal(
            source: naming, operation: "PutParameter", input: put("/aws/x"), type: "AccessDeniedException",
            says: "reserved"),
        AWSRefusal(source: naming, operation: "PutParameter", input: put("/AwsOme"), type: "AccessDeniedException"),
        AWSRefusal(source: naming, operation: "PutParameter", input: put("awsome"), type: "ValidationException"),
        AWSRefusal(source: naming, operation: "PutParameter", input: put("/ssm/x"), type: "ValidationException"),
        AWSRefusal(source: naming, operation: "PutParameter", input: put("SSMx"), type: "ValidationException"),
        AWSRefusal(
            source: naming, operation: "PutParameter",
            input: put(String(repeating: "/l", count: 16)), type: "HierarchyLevelLimitExceededException"),
        AWSRefusal(
            source: naming, operation: "PutParameter",
            input: put("/" + String(repeating: "n", count: 967)), type: "ValidationException", says: "1011"),
        AWSRefusal(source: naming, operation: "PutParameter", input: put(""), type: "ValidationException"),
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
            source: "PutParameter API, Type", operation: "PutParameter", input: put("/n", ["Type": "Secure"]),
            type: "ValidationException", says: "enum value set"),
        AWSRefusal(
            source: "PutParameter API, Value", operation: "PutParameter", input: put("/n", ["Value": "a{{ssm:b}}"]),
            type: "ValidationException", says: "nest"),
        AWSRefusal(
            source: "PutParameter API, Value", operation: "PutParameter", input: put("/n", ["Value": ""]),
            type: "ValidationException"),
        AWSRefusal(
            source: tiers, operation: "PutParameter", input: put("/n", ["Value": text(4097)]),
            type: "ValidationException", says: "4096"),
        AWSRefusal(
            source: tiers, operation: "PutParameter",
            input: put("/n", ["Value": .string(String(repeating: "ä", count: 2049))]), type: "ValidationException"),
        AWSRefusal(
            source: tiers, operation: "PutParameter", input: put("/n", ["Value": text(8193), "Tier": "Advanced"]),
            type: "ValidationException", says: "8192"),
        AWSRefusal(
            source: tiers, operation: "PutParameter",
            input: put("/n", ["Value": text(8193), "Tier": "Intelligent-Tiering"]), type: "ValidationException"),
        AWSRefusal(
            source: tiers, operation: "PutParameter", input: put("/n", ["Tier": "Premium"]), type: "ValidationException"
        ),
        AWSRefusal(
            source: tiers, operation: "PutParameter",
            input: put("/advanced", ["Tier": "Standard", "Overwrite": true]), type: "ValidationException",
            says: "downgrade"),
        AWSRefusal(
            source: "PutParameter API, Overwrite", operation: "PutParameter", input: put("/there"),
            type: "ParameterAlreadyExists", says: "overwrite option"),
        AWSRefusal(
            source: "PutParameter API, HierarchyTypeMismatchException", operation: "PutParameter",
            input: put("/there", ["Type": "SecureString", "Overwrite": true]), type: "HierarchyTypeMismatchException"),
        AWSRefusal(
            source: "PutParameter API, Tags", operation: "PutParameter",
            input: put("/there", ["Overwrite": true, "Tags": [["Key": "k", "Value": "v"]]]),
            type: "ValidationException",
            says: "tags and overwrite"),
        AWSRefusal(
            source: "PutParameter API, Description", operation: "PutParameter",
            input: put("/n", ["Description": text(1025)]),
            type: "ValidationException"),
        AWSRefusal(
            source: "PutParameter API, AllowedPattern", operation: "PutParameter",
            input: put("/n", ["AllowedPattern": "^\\d+$"]), type: "ParameterPatternMismatchException"),
        AWSRefusal(
            source: "PutParameter API, AllowedPattern", operation: "PutParameter",
            input: put("/n", ["AllowedPattern": "("]),
            type: "InvalidAllowedPatternException"),
        AWSRefusal(
            source: "PutParameter API, DataType", operation: "PutParameter", input: put("/n", ["DataType": "number"]),
            type: "ValidationException"),
        AWSRefusal(
            source: "AWS JSON 1.1", operation: "PutParameter", input: put("/n", ["Overwrite": "yes"]),
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
        _ = try bench.ssm("PutParameter", Self.put("/there"))
        _ = try bench.ssm("PutParameter", Self.put("/advanced", ["Tier": "Advanced"]))
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
            #expect(try bench.ssm("PutParameter", Self.put(name)) == ["Tier": "Standard", "Version": 1])
        }
        let values = [
            (4096, "Standard", "Standard"), (8192, "Advanced", "Advanced"), (4097, "Intelligent-Tiering", "Advanced"),
            (4096, "Intelligent-Tiering", "Standard"),
        ]
        for (number, value) in values.enumerated() {
            let input = Self.put("/v\(number)", ["Value": Self.text(value.0), "Tier": .string(value.1)])
            #expect(try bench.ssm("PutParameter", input)["Tier"]?.string == value.2)
        }
    }

    // MARK: What it keeps

    @Test func `A SecureString is readable with decryption alone`() throws {
        let bench = try DevBench()
        _ = try bench.ssm("PutParameter", Self.put("/s", ["Type": "SecureString", "Value": "hidden"]))
        let sealed = try bench.ssm("GetParameter", ["Name": "/s"])["Parameter"]
        #expect(sealed?["Value"]?.string?.hasPrefix("AQICAH") == true)
        let open = try bench.ssm("GetParameter", ["Name": "/s", "WithDecryption": true])["Parameter"]
        #expect(
            open == [
                "ARN": "arn:aws:ssm:us-east-1:123456789012:parameter/s", "DataType": "text", "Name": "/s",
                "LastModifiedDate": 1_700_000_000, "Type": "SecureString", "Value": "hidden", "Version": 1,
            ])
    }

    @Test func `Versions count up, keep their values and are found by number and by label`() throws {
        let bench = try DevBench()
        for value in ["one", "two", "three"] {
            _ = try bench.ssm("PutParameter", Self.put("/n", ["Value": .string(value), "Overwrite": true]))
        }
        let labelled = try bench.ssm(
            "LabelParameterVersion", ["Name": "/n", "ParameterVersion": 2, "Labels": ["prod", "1st", "awsome", "a b"]])
        #expect(labelled == ["InvalidLabels": ["1st", "awsome", "a b"], "ParameterVersion": 2])
        let byNumber = try bench.ssm("GetParameter", ["Name": "/n:1"])["Parameter"]
        #expect(byNumber?["Value"] == "one")
        #expect(byNumber?["Selector"] == ":1")
        #expect(byNumber?["Name"] == "/n")
        #expect(try bench.ssm("GetParameter", ["Name": "/n:prod"])["Parameter"]?["Value"] == "two")
        let arn: JSON = "arn:aws:ssm:us-east-1:123456789012:parameter/n:2"
        #expect(try bench.ssm("GetParameter", ["Name": arn])["Parameter"]?["Value"] == "two")
        _ = try bench.ssm("LabelParameterVersion", ["Name": "/n", "Labels": ["prod"]])
        #expect(try bench.ssm("GetParameter", ["Name": "/n:prod"])["Parameter"]?["Value"] == "three")
        let history = try bench.ssm("GetParameterHistory", ["Name": "/n"])["Parameters"]?.array ?? []
        #expect(history.compactMap { $0["Value"]?.string } == ["one", "two", "three"])
        #expect(history.compactMap { $0["Labels"]?.array?.count } == [0, 0, 1])
    }

    // PutParameter API, ParameterMaxVersionLimitExceeded.
    @Test func `Of a hundred versions the oldest goes unless a label holds it`() throws {
        let bench = try DevBench()
        func put() throws -> Int64? {
            try bench.ssm("PutParameter", Self.put("/n", ["Overwrite": true]))["Version"]?.integer
        }
        for _ in 1...101 { _ = try put() }
        #expect(bench.failure("AmazonSSM.GetParameter", ["Name": "/n:1"])?.type == "ParameterVersionNotFound")
        _ = try bench.ssm("LabelParameterVersion", ["Name": "/n", "ParameterVersion": 2, "Labels": ["keep"]])
        let failure = bench.failure("AmazonSSM.PutParameter", Self.put("/n", ["Overwrite": true]))
        #expect(failure?.type == "ParameterMaxVersionLimitExceeded")
        _ = try bench.ssm("LabelParameterVersion", ["Name": "/n", "ParameterVersion": 101, "Labels": ["keep"]])
        #expect(try put() == 102)
    }

    @Test func `GetParameters tells what it lacks in a 200`() throws {
        let bench = try DevBench()
        _ = try bench.ssm("PutParameter", Self.put("/a"))
        let answer = try bench.ssm("GetParameters", ["Names": ["/a", "/nope", "/a:7"]])
        #expect(answer["InvalidParameters"] == ["/nope", "/a:7"])
        #expect(answer["Parameters"]?.array?.count == 1)
    }

    @Test func `DeleteParameters deletes what is there and names the rest`() throws {
        let bench = try DevBench()
        _ = try bench.ssm("PutParameter", Self.put("/a"))
        let answer = try bench.ssm("DeleteParameters", ["Names": ["/a", "/nope"]])
        #expect(answer == ["DeletedParameters": ["/a"], "InvalidParameters": ["/nope"]])
        #expect(try bench.ssm("PutParameter", Self.put("/a"))["Version"] == 1)
    }

    @Test func `A path is listed in pages, one level or all`() throws {
        let bench = try DevBench { $0.isSeeded = false }
        for number in 10..<35 { _ = try bench.ssm("PutParameter", Self.put("/p/\(number)")) }
        _ = try bench.ssm("PutParameter", Self.put("/p/deep/er"))
        _ = try bench.ssm("PutParameter", Self.put("/pp/x"))
        func names(recursive: Bool) throws -> [String] {
            var names: [String] = []
            var token: JSON = .null
            repeat {
                let page = try bench.ssm(
                    "GetParametersByPath", ["Path": "/p", "Recursive": .bool(recursive), "NextToken": token])
                let shown = page["Parameters"]?.array ?? []
                #expect(shown.count <= 10)
                names += shown.compactMap { $0["Name"]?.string }
                token = page["NextToken"] ?? .null
            } while token != .null
            return names
        }
        #expect(try names(recursive: false) == (10..<35).map { "/p/\($0)" })
        #expect(try names(recursive: true).count == 26)
        #expect(try bench.ssm("GetParametersByPath", ["Path": "/none"]) == ["Parameters": []])
    }

    // GetParametersByPath API, NextToken: a page may be empty and still have a successor.
    @Test func `A filtered page may be empty and not the last`() throws {
        let bench = try DevBench { $0.isSeeded = false }
        for number in 10..<21 { _ = try bench.ssm("PutParameter", Self.put("/p/\(number)")) }
        _ = try bench.ssm("PutParameter", Self.put("/p/z", ["Type": "SecureString"]))
        let input: JSON = ["Path": "/p", "ParameterFilters": [["Key": "Type", "Values": ["SecureString"]]]]
        let first = try bench.ssm("GetParametersByPath", input)
        #expect(first["Parameters"] == [])
        var members = input.object ?? [:]
        members["NextToken"] = first["NextToken"]
        let second = try bench.ssm("GetParametersByPath", .object(members))
        #expect(second["Parameters"]?.array?.count == 1)
        #expect(second["NextToken"] == nil)
    }

    @Test func `Tags come with creation and by themselves`() throws {
        let bench = try DevBench()
        _ = try bench.ssm("PutParameter", Self.put("/t", ["Tags": [["Key": "a", "Value": "1"]]]))
        let id: JSONObject = ["ResourceType": "Parameter", "ResourceId": "/t"]
        _ = try bench.ssm("AddTagsToResource", .object(id.merging(["Tags": [["Key": "b", "Value": "2"]]])))
        _ = try bench.ssm("RemoveTagsFromResource", .object(id.merging(["TagKeys": ["a"]])))
        #expect(try bench.ssm("ListTagsForResource", .object(id)) == ["TagList": [["Key": "b", "Value": "2"]]])
    }

    // Quotas: 40 reads and 3 writes a second by default, shared by the three reads.
    @Test func `Past the quota calls are throttled with 400 until time passes`() throws {
        let bench = try DevBench { $0.parameterStoreQuotas = ParameterStoreQuotas() }
        for number in 0..<40 {
            let isBatch = number % 2 == 0
            let name = "\(bench.seed.prefix)/log-level"
            _ =
                try isBatch
                ? bench.ssm("GetParameters", ["Names": [.string(name)]])
                : bench.ssm("GetParameter", ["Name": .string(name)])
        }
        let failure = bench.failure("AmazonSSM.GetParametersByPath", ["Path": "/"])
        #expect(failure?.type == "ThrottlingException")
        #expect(failure?.message == "Rate exceeded")
        #expect(failure?.status == 400)
        bench.clock.advance(by: .milliseconds(25))
        _ = try bench.ssm("GetParametersByPath", ["Path": "/"])
        for number in 0..<3 { _ = try bench.ssm("PutParameter", Self.put("/w\(number)")) }
        #expect(bench.failure("AmazonSSM.PutParameter", Self.put("/w3"))?.type == "ThrottlingException")
        bench.clock.advance(by: .seconds(60))
        for number in 3..<6 { _ = try bench.ssm("PutParameter", Self.put("/w\(number)")) }
        #expect(bench.failure("AmazonSSM.PutParameter", Self.put("/w6"))?.type == "ThrottlingException")
    }
}
