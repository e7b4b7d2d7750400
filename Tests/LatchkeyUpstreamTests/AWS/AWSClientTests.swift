import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Synchronization
import Testing

@Suite struct AWSClientTests {
    /// AWS with scripted responses. Records the requests and how long the client waited.
    private final class ScriptedAWS: Sendable {
        struct State {
            var answers: [Result<HTTPResponse, HTTPClientError>]
            var requests: [HTTPRequest] = []
            var waits: [Duration] = []
        }
        let state: Mutex<State>
        let clock = ManualClock()
        let credentials = Mutex<[AWSCredentials]>([])

        init(_ answers: [Result<HTTPResponse, HTTPClientError>]) { state = Mutex(State(answers: answers)) }

        func client(maxAttempts: Int = 3, callsPerSecond: Int? = nil) -> AWSClient {
            let provider = CredentialProvider(.process) { () throws(AWSError) in
                self.credentials.withLock { known in
                    let made = AWSCredentials(accessKeyID: "AKID\(known.count)", secretAccessKey: Secret("s"))
                    known.append(made)
                    return .found(made)
                }
            }
            let time = Timing(
                now: clock.source.now,
                sleep: { wake in
                    self.state.withLock { $0.waits.append(wake - self.clock.now.monotonic) }
                    self.clock.advance(by: wake - self.clock.now.monotonic)
                }, jitter: { 0.5 })
            return AWSClientFixture.client(
                time: time, maxAttempts: maxAttempts, callsPerSecond: callsPerSecond, credentials: provider
            ) { request, _, _ async throws(HTTPClientError) in
                try self.state.withLock { state in
                    state.requests.append(request)
                    return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
                }.get()
            }
        }

        var requests: [HTTPRequest] { state.withLock { $0.requests } }
        var waits: [Duration] { state.withLock { $0.waits } }
        var soon: MonotonicTime { clock.now.monotonic + .seconds(10) }

        func get(_ client: AWSClient) async throws(AWSError) -> Parameter {
            try await ParameterStore(client).get("/a", deadline: soon)
        }
    }

    private static func answer(_ status: Int, _ body: String, _ fields: HTTPFields = [:]) -> Result<
        HTTPResponse, HTTPClientError
    > {
        .success(HTTPResponse(status: status, fields: fields, body: Array(body.utf8)))
    }

    private static let good = answer(
        200,
        #"{"Parameter":{"Name":"/a","Type":"SecureString","Value":"v","Version":3,"LastModifiedDate":1.700000000123E9}}"#
    )
    private static let throttled = answer(400, #"{"__type":"ThrottlingException","message":"Rate exceeded"}"#)

    @Test func `A parameter is read in the form of the API`() async throws {
        let script = ScriptedAWS([Self.good])
        let parameter = try await script.get(script.client())
        #expect(parameter.value.revealText() == "v")
        #expect(parameter.version == 3)
        #expect(parameter.lastModified == WallTime(milliseconds: 1_700_000_000_123))
        let request = try #require(script.requests.first)
        #expect(request.fields["X-Amz-Target"] == "AmazonSSM.GetParameter")
        #expect(request.fields["Content-Type"] == "application/x-amz-json-1.1")
        #expect(request.fields["amz-sdk-request"] == "attempt=1; max=3")
        #expect(String(decoding: request.body, as: UTF8.self) == #"{"Name":"/a","WithDecryption":true}"#)
    }

    @Test func `A throttled call is retried after growing delays, with at most three attempts`() async throws {
        let script = ScriptedAWS([Self.throttled, Self.throttled, Self.good])
        _ = try await script.get(script.client())
        #expect(script.requests.count == 3)
        #expect(script.waits == [.milliseconds(500), .seconds(1)])
        let hopeless = ScriptedAWS([Self.throttled])
        await #expect { try await hopeless.get(hopeless.client()) } throws: {
            ($0 as? AWSError)?.kind == .throttled && ($0 as? AWSError)?.code == "ThrottlingException"
        }
        #expect(hopeless.requests.count == 3)
    }

    @Test func `The retry quota ends the retries if throttling lasts`() async throws {
        let script = ScriptedAWS([Self.throttled])
        let client = script.client()
        for _ in 0..<200 { _ = try? await script.get(client) }
        #expect(script.requests.count <= 300, "at most one and a half requests a call")
    }

    @Test(arguments: [500, 502, 503, 504])
    func `A transient fault is hidden from the caller`(status: Int) async throws {
        let script = ScriptedAWS([Self.answer(status, "<html>"), Self.good])
        _ = try await script.get(script.client())
        #expect(script.requests.count == 2)
        #expect(script.waits == [.milliseconds(25)])
    }

    @Test(arguments: [
        ("ValidationException", AWSError.Kind.invalidRequest), ("AccessDeniedException", .denied),
        ("ParameterNotFound", .notFound), ("com.amazonaws.ssm#ParameterNotFound", .notFound),
        ("ParameterNotFound:http://internal/", .notFound), ("ParameterAlreadyExists", .alreadyExists),
        ("LimitExceededException", .invalidRequest),
    ])
    func `A permanent error is not retried, whatever its status`(
        type: String, kind: AWSError.Kind
    ) async throws {
        for status in [400, 403, 404] where !(kind == .invalidRequest && status != 400) {
            let script = ScriptedAWS([Self.answer(status, #"{"__type":"\#(type)","Message":"no"}"#)])
            await #expect { try await script.get(script.client()) } throws: { ($0 as? AWSError)?.kind == kind }
            #expect(script.requests.count == 1)
        }
    }

    @Test func `An error in XML is read by its code`() async throws {
        let body =
            "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error></ErrorResponse>"
        let script = ScriptedAWS([Self.answer(403, body)])
        await #expect { try await script.get(script.client()) } throws: {
            ($0 as? AWSError)?.code == "SignatureDoesNotMatch"
        }
    }

    @Test func `Expired credentials are replaced once and the call succeeds`() async throws {
        let expired = Self.answer(400, #"{"__type":"ExpiredTokenException"}"#)
        let script = ScriptedAWS([expired, Self.good])
        _ = try await script.get(script.client())
        let keys = script.requests.map { $0.fields["Authorization"]?.contains("AKID1") == true }
        #expect(keys == [false, true])
        let forever = ScriptedAWS([expired])
        _ = try? await forever.get(forever.client())
        #expect(forever.requests.count == 2)
    }

    @Test func `A wrong clock is corrected by the date of the response, and the call is repeated once`() async throws {
        let script = ScriptedAWS([
            Self.answer(
                400, #"{"__type":"InvalidSignatureException"}"#,
                ["Date": HTTPDate.format(WallTime(seconds: 1_700_003_600))]), Self.good,
        ])
        _ = try await script.get(script.client())
        #expect(script.requests.map { $0.fields["X-Amz-Date"] } == ["20231114T221320Z", "20231114T231320Z"])
    }

    @Test func `x-amz-retry-after extends the delay, within bounds`() async throws {
        let later = Self.answer(503, "{}", ["x-amz-retry-after": "900"])
        let script = ScriptedAWS([later, Self.good])
        _ = try await script.get(script.client())
        #expect(script.waits == [.milliseconds(900)])
        let absurd = ScriptedAWS([Self.answer(503, "{}", ["x-amz-retry-after": "86400000"]), Self.good])
        _ = try await absurd.get(absurd.client())
        #expect(absurd.waits.count == 1 && absurd.waits[0] <= .milliseconds(5026))
    }

    @Test func `There is no retry that would begin after the deadline`() async throws {
        let script = ScriptedAWS([Self.throttled, Self.good])
        await #expect {
            try await ParameterStore(script.client()).get(
                "/a", deadline: script.clock.now.monotonic + .milliseconds(400))
        } throws: { ($0 as? AWSError)?.kind == .throttled }
        #expect(script.requests.count == 1 && script.waits.isEmpty)
    }

    @Test func `A response that does not follow the API is an error`() async throws {
        for body in [
            "<html>", "[]", "", #"{"Parameter":{}}"#, #"{"Parameter":{"Name":"/a","Type":"Odd","Value":"v"}}"#,
        ] {
            let script = ScriptedAWS([Self.answer(200, body)])
            await #expect { try await script.get(script.client()) } throws: {
                ($0 as? AWSError)?.kind == .invalidAnswer
            }
        }
    }

    @Test func `Pages are followed to the end, through empty ones`() async throws {
        let page = #"{"Parameters":[{"Name":"/a","Type":"String","Value":"v","Version":1}]"#
        let script = ScriptedAWS([
            Self.answer(200, #"{"Parameters":[],"NextToken":"1"}"#), Self.answer(200, page + #","NextToken":"2"}"#),
            Self.answer(200, page + "}"),
        ])
        let all = try await ParameterStore(script.client()).list(path: "/", recursive: true, deadline: script.soon)
        #expect(all.count == 2)
        #expect(script.requests.count == 3)
    }

    @Test func `An item is read consistently, and numbers are sent as text`() async throws {
        let script = ScriptedAWS([
            Self.answer(200, #"{"Item":{"profile":{"S":"/a"},"n":{"N":"9007199254740993"},"b":{"BOOL":true}}}"#),
            Self.answer(200, "{}"),
            Self.answer(400, #"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}"#),
        ])
        let store = DynamoDB(script.client(), table: "tokens")
        let item = try #require(try await store.item(("profile", "/a"), deadline: script.soon))
        #expect(item["n"]?.number == 9_007_199_254_740_993 && item["profile"]?.string == Secret("/a"))
        #expect(item["b"]?.json == ["BOOL": true])
        let change = DynamoDB.Update("SET #a = :a", if: "#a < :a", names: ["a"], values: [":a": .number(5)])
        try await store.update(("profile", "/a"), change, deadline: script.soon)
        await #expect {
            try await store.update(("profile", "/a"), change, deadline: script.soon)
        } throws: { ($0 as? AWSError)?.kind == .conditionFailed }
        #expect(
            script.requests.map { $0.fields["x-amz-target"] } == [
                "DynamoDB_20120810.GetItem", "DynamoDB_20120810.UpdateItem", "DynamoDB_20120810.UpdateItem",
            ])
        #expect(script.requests[0].fields["content-type"] == "application/x-amz-json-1.0")
        #expect(
            try JSON(parsing: script.requests[0].body)
                == ["TableName": "tokens", "Key": ["profile": ["S": "/a"]], "ConsistentRead": true])
        #expect(
            try JSON(parsing: script.requests[1].body)
                == [
                    "TableName": "tokens", "Key": ["profile": ["S": "/a"]], "UpdateExpression": "SET #a = :a",
                    "ConditionExpression": "#a < :a", "ExpressionAttributeNames": ["#a": "a"],
                    "ExpressionAttributeValues": [":a": ["N": "5"]],
                ])
    }

    @Test func `Many names are read ten at a time`() async throws {
        let names = (0..<25).map { "/\($0)" }
        let answers = [names[0..<10], names[10..<20], names[20...]].map {
            Self.answer(200, JSON.object(["Parameters": [], "InvalidParameters": .array($0.map { .string($0) })]).text)
        }
        let script = ScriptedAWS(answers)
        let (found, missing) = try await ParameterStore(script.client()).get(names, deadline: script.soon)
        #expect(found.isEmpty && missing == names && script.requests.count == 3)
    }

    @Test func `Calls over the rate wait for a slot, and fail immediately if the slot would come too late`()
        async throws
    {
        let script = ScriptedAWS([Self.good])
        let client = script.client(callsPerSecond: 5)
        for _ in 0..<7 { _ = try await script.get(client) }
        #expect(script.waits == [.milliseconds(200), .milliseconds(200)])
        let store = ParameterStore(client)
        let now = script.clock.now.monotonic
        // The next slot is in 200 ms. A call that would then have too little time for a response does not use it.
        for left in [Duration.milliseconds(100), .milliseconds(200) + AWSClient.minTimeToAnswer - .milliseconds(1)] {
            await #expect {
                try await store.get("/a", deadline: now + left)
            } throws: { ($0 as? AWSError)?.kind == .throttled && ($0 as? AWSError)?.code == "LocalRateLimit" }
        }
        #expect(script.requests.count == 7)
        _ = try await store.get("/a", deadline: now + .milliseconds(200) + AWSClient.minTimeToAnswer)
        #expect(script.requests.count == 8)
    }
}
