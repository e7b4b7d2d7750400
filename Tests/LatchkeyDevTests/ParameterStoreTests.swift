import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyTestSupport
import Testing

@Suite struct `A Parameter Store of our own` {
    @Test func `A SecureString is readable with decryption alone`() throws {
        let bench = try DevBench()
        _ = try bench.ssm("PutParameter", DevBench.parameter("/s", ["Type": "SecureString", "Value": "hidden"]))
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
            _ = try bench.ssm("PutParameter", DevBench.parameter("/n", ["Value": .string(value), "Overwrite": true]))
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
            try bench.ssm("PutParameter", DevBench.parameter("/n", ["Overwrite": true]))["Version"]?.integer
        }
        for _ in 1...101 { _ = try put() }
        #expect(bench.failure("AmazonSSM.GetParameter", ["Name": "/n:1"])?.type == "ParameterVersionNotFound")
        _ = try bench.ssm("LabelParameterVersion", ["Name": "/n", "ParameterVersion": 2, "Labels": ["keep"]])
        let failure = bench.failure("AmazonSSM.PutParameter", DevBench.parameter("/n", ["Overwrite": true]))
        #expect(failure?.type == "ParameterMaxVersionLimitExceeded")
        _ = try bench.ssm("LabelParameterVersion", ["Name": "/n", "ParameterVersion": 101, "Labels": ["keep"]])
        #expect(try put() == 102)
    }

    @Test func `GetParameters tells what it lacks in a 200`() throws {
        let bench = try DevBench()
        _ = try bench.ssm("PutParameter", DevBench.parameter("/a"))
        let answer = try bench.ssm("GetParameters", ["Names": ["/a", "/nope", "/a:7"]])
        #expect(answer["InvalidParameters"] == ["/nope", "/a:7"])
        #expect(answer["Parameters"]?.array?.count == 1)
    }

    @Test func `DeleteParameters deletes what is there and names the rest`() throws {
        let bench = try DevBench()
        _ = try bench.ssm("PutParameter", DevBench.parameter("/a"))
        let answer = try bench.ssm("DeleteParameters", ["Names": ["/a", "/nope"]])
        #expect(answer == ["DeletedParameters": ["/a"], "InvalidParameters": ["/nope"]])
        #expect(try bench.ssm("PutParameter", DevBench.parameter("/a"))["Version"] == 1)
    }

    @Test func `A path is listed in pages, one level or all`() throws {
        let bench = try DevBench { $0.isSeeded = false }
        for number in 10..<35 { _ = try bench.ssm("PutParameter", DevBench.parameter("/p/\(number)")) }
        _ = try bench.ssm("PutParameter", DevBench.parameter("/p/deep/er"))
        _ = try bench.ssm("PutParameter", DevBench.parameter("/pp/x"))
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
        for number in 10..<21 { _ = try bench.ssm("PutParameter", DevBench.parameter("/p/\(number)")) }
        _ = try bench.ssm("PutParameter", DevBench.parameter("/p/z", ["Type": "SecureString"]))
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
        _ = try bench.ssm("PutParameter", DevBench.parameter("/t", ["Tags": [["Key": "a", "Value": "1"]]]))
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
        for number in 0..<3 { _ = try bench.ssm("PutParameter", DevBench.parameter("/w\(number)")) }
        #expect(bench.failure("AmazonSSM.PutParameter", DevBench.parameter("/w3"))?.type == "ThrottlingException")
        bench.clock.advance(by: .seconds(60))
        for number in 3..<6 { _ = try bench.ssm("PutParameter", DevBench.parameter("/w\(number)")) }
        #expect(bench.failure("AmazonSSM.PutParameter", DevBench.parameter("/w6"))?.type == "ThrottlingException")
    }
}
