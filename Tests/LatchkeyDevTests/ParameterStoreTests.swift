import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyTestSupport
import Testing

@Suite("The emulated Parameter Store") struct ParameterStoreTests {
    @Test func `A SecureString is readable only with decryption`() throws {
        let fixture = try DevFixture()
        _ = try fixture.ssm("PutParameter", DevFixture.parameter("/s", ["Type": "SecureString", "Value": "hidden"]))
        let sealed = try fixture.ssm("GetParameter", ["Name": "/s"])["Parameter"]
        #expect(sealed?["Value"]?.string?.hasPrefix("AQICAH") == true)
        let open = try fixture.ssm("GetParameter", ["Name": "/s", "WithDecryption": true])["Parameter"]
        #expect(
            open == [
                "ARN": "arn:aws:ssm:us-east-1:123456789012:parameter/s", "DataType": "text", "Name": "/s",
                "LastModifiedDate": 1_700_000_000, "Type": "SecureString", "Value": "hidden", "Version": 1,
            ])
    }

    @Test func `Versions are numbered, keep their values and are found by number and by label`() throws {
        let fixture = try DevFixture()
        for value in ["one", "two", "three"] {
            _ = try fixture.ssm(
                "PutParameter", DevFixture.parameter("/n", ["Value": .string(value), "Overwrite": true]))
        }
        let labelled = try fixture.ssm(
            "LabelParameterVersion", ["Name": "/n", "ParameterVersion": 2, "Labels": ["prod", "1st", "awsome", "a b"]])
        #expect(labelled == ["InvalidLabels": ["1st", "awsome", "a b"], "ParameterVersion": 2])
        let byNumber = try fixture.ssm("GetParameter", ["Name": "/n:1"])["Parameter"]
        #expect(byNumber?["Value"] == "one")
        #expect(byNumber?["Selector"] == ":1")
        #expect(byNumber?["Name"] == "/n")
        #expect(try fixture.ssm("GetParameter", ["Name": "/n:prod"])["Parameter"]?["Value"] == "two")
        let arn: JSON = "arn:aws:ssm:us-east-1:123456789012:parameter/n:2"
        #expect(try fixture.ssm("GetParameter", ["Name": arn])["Parameter"]?["Value"] == "two")
        _ = try fixture.ssm("LabelParameterVersion", ["Name": "/n", "Labels": ["prod"]])
        #expect(try fixture.ssm("GetParameter", ["Name": "/n:prod"])["Parameter"]?["Value"] == "three")
        let history = try fixture.ssm("GetParameterHistory", ["Name": "/n"])["Parameters"]?.array ?? []
        #expect(history.compactMap { $0["Value"]?.string } == ["one", "two", "three"])
        #expect(history.compactMap { $0["Labels"]?.array?.count } == [0, 0, 1])
    }

    // PutParameter API, ParameterMaxVersionLimitExceeded.
    @Test func `The oldest of a hundred versions is dropped unless it has a label`() throws {
        let fixture = try DevFixture()
        func put() throws -> Int64? {
            try fixture.ssm("PutParameter", DevFixture.parameter("/n", ["Overwrite": true]))["Version"]?.integer
        }
        for _ in 1...101 { _ = try put() }
        #expect(fixture.failure("AmazonSSM.GetParameter", ["Name": "/n:1"])?.type == "ParameterVersionNotFound")
        _ = try fixture.ssm("LabelParameterVersion", ["Name": "/n", "ParameterVersion": 2, "Labels": ["keep"]])
        let failure = fixture.failure("AmazonSSM.PutParameter", DevFixture.parameter("/n", ["Overwrite": true]))
        #expect(failure?.type == "ParameterMaxVersionLimitExceeded")
        _ = try fixture.ssm("LabelParameterVersion", ["Name": "/n", "ParameterVersion": 101, "Labels": ["keep"]])
        #expect(try put() == 102)
    }

    @Test func `GetParameters lists missing names in a 200 response`() throws {
        let fixture = try DevFixture()
        _ = try fixture.ssm("PutParameter", DevFixture.parameter("/a"))
        let answer = try fixture.ssm("GetParameters", ["Names": ["/a", "/nope", "/a:7"]])
        #expect(answer["InvalidParameters"] == ["/nope", "/a:7"])
        #expect(answer["Parameters"]?.array?.count == 1)
    }

    @Test func `DeleteParameters deletes existing parameters and lists missing names`() throws {
        let fixture = try DevFixture()
        _ = try fixture.ssm("PutParameter", DevFixture.parameter("/a"))
        let answer = try fixture.ssm("DeleteParameters", ["Names": ["/a", "/nope"]])
        #expect(answer == ["DeletedParameters": ["/a"], "InvalidParameters": ["/nope"]])
        #expect(try fixture.ssm("PutParameter", DevFixture.parameter("/a"))["Version"] == 1)
    }

    @Test func `A path is listed in pages, with one level or recursively`() throws {
        let fixture = try DevFixture { $0.isSeeded = false }
        for number in 10..<35 { _ = try fixture.ssm("PutParameter", DevFixture.parameter("/p/\(number)")) }
        _ = try fixture.ssm("PutParameter", DevFixture.parameter("/p/deep/er"))
        _ = try fixture.ssm("PutParameter", DevFixture.parameter("/pp/x"))
        func names(recursive: Bool) throws -> [String] {
            var names: [String] = []
            var token: JSON = .null
            repeat {
                let page = try fixture.ssm(
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
        #expect(try fixture.ssm("GetParametersByPath", ["Path": "/none"]) == ["Parameters": []])
    }

    // GetParametersByPath API, NextToken: a page may be empty without being the last.
    @Test func `A filtered page may be empty without being the last`() throws {
        let fixture = try DevFixture { $0.isSeeded = false }
        for number in 10..<21 { _ = try fixture.ssm("PutParameter", DevFixture.parameter("/p/\(number)")) }
        _ = try fixture.ssm("PutParameter", DevFixture.parameter("/p/z", ["Type": "SecureString"]))
        let input: JSON = ["Path": "/p", "ParameterFilters": [["Key": "Type", "Values": ["SecureString"]]]]
        let first = try fixture.ssm("GetParametersByPath", input)
        #expect(first["Parameters"] == [])
        var members = input.object ?? [:]
        members["NextToken"] = first["NextToken"]
        let second = try fixture.ssm("GetParametersByPath", .object(members))
        #expect(second["Parameters"]?.array?.count == 1)
        #expect(second["NextToken"] == nil)
    }

    @Test func `Tags are set at creation and later`() throws {
        let fixture = try DevFixture()
        _ = try fixture.ssm("PutParameter", DevFixture.parameter("/t", ["Tags": [["Key": "a", "Value": "1"]]]))
        let id: JSONObject = ["ResourceType": "Parameter", "ResourceId": "/t"]
        _ = try fixture.ssm("AddTagsToResource", .object(id.merging(["Tags": [["Key": "b", "Value": "2"]]])))
        _ = try fixture.ssm("RemoveTagsFromResource", .object(id.merging(["TagKeys": ["a"]])))
        #expect(try fixture.ssm("ListTagsForResource", .object(id)) == ["TagList": [["Key": "b", "Value": "2"]]])
    }

    // The default quotas: 40 reads a second, shared by three operations, and 3 writes a second.
    @Test func `Calls over the quota are throttled with 400 until time passes`() throws {
        let fixture = try DevFixture { $0.parameterStoreQuotas = ParameterStoreQuotas() }
        for number in 0..<40 {
            let isBatch = number % 2 == 0
            let name = "\(fixture.seed.prefix)/log-level"
            _ =
                try isBatch
                ? fixture.ssm("GetParameters", ["Names": [.string(name)]])
                : fixture.ssm("GetParameter", ["Name": .string(name)])
        }
        let failure = fixture.failure("AmazonSSM.GetParametersByPath", ["Path": "/"])
        #expect(failure?.type == "ThrottlingException")
        #expect(failure?.message == "Rate exceeded")
        #expect(failure?.status == 400)
        fixture.clock.advance(by: .milliseconds(25))
        _ = try fixture.ssm("GetParametersByPath", ["Path": "/"])
        for number in 0..<3 { _ = try fixture.ssm("PutParameter", DevFixture.parameter("/w\(number)")) }
        #expect(fixture.failure("AmazonSSM.PutParameter", DevFixture.parameter("/w3"))?.type == "ThrottlingException")
        fixture.clock.advance(by: .seconds(60))
        for number in 3..<6 { _ = try fixture.ssm("PutParameter", DevFixture.parameter("/w\(number)")) }
        #expect(fixture.failure("AmazonSSM.PutParameter", DevFixture.parameter("/w6"))?.type == "ThrottlingException")
    }
}
