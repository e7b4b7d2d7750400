import LatchkeyCore
import Testing
import latchkey

@Suite("Lambda events") struct LambdaEventTests {
    @Test(
        arguments: [
            (#"{"eventType":"INVOKE","deadlineMs":1,"requestId":"a","invokedFunctionArn":"b","tracing":{}}"#, .invoke),
            (
                #"{"eventType":"SHUTDOWN","shutdownReason":"spindown","deadlineMs":1700000000123}"#,
                .shutdown(reason: "spindown", deadline: WallTime(milliseconds: 1_700_000_000_123))
            ),
            (
                #"{"eventType":"SHUTDOWN","deadlineMs":5}"#,
                .shutdown(reason: "unknown", deadline: WallTime(milliseconds: 5))
            ),
            (#"{"eventType":"SHUTDOWN"}"#, nil), (#"{"eventType":"OTHER"}"#, nil), ("", nil), ("[]", nil),
        ] as [(String, LambdaEvent?)])
    func `An event is decoded from its body`(body: String, event: LambdaEvent?) {
        #expect(LambdaEvent(Array(body.utf8)) == event)
    }

    @Test func `Draining ends before the deadline, and a past deadline leaves no time`() {
        let now = WallTime(milliseconds: 10_000)
        #expect(LambdaEvent.drainTime(until: WallTime(milliseconds: 12_000), now: now) == .milliseconds(1800))
        #expect(LambdaEvent.drainTime(until: WallTime(milliseconds: 9_000), now: now) == .zero)
    }

    private func environment(_ given: [String: String]) throws -> LambdaEnvironment {
        try LambdaEnvironment(["AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"].merging(given) { $1 })
    }

    @Test func `The function's session token is the key, and the port is AWS's own`() throws {
        let found = try environment(["AWS_SESSION_TOKEN": "token", "LATCHKEY_API_KEY": "other"])
        #expect(found.broker["LATCHKEY_API_KEY"] == "token")
        #expect(found.listen == "localhost:2773")
        #expect((found.host, found.port) == ("127.0.0.1", 9001))
        #expect(try environment(["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT": "4000"]).listen == "localhost:4000")
    }

    @Test func `Empty variables of AWS's are not set`() throws {
        let found = try environment(["AWS_ACCESS_KEY_ID": "", "AWS_SESSION_TOKEN": "", "LATCHKEY_API_KEY": "own"])
        #expect(found.broker["AWS_ACCESS_KEY_ID"] == nil)
        #expect(found.broker["AWS_SESSION_TOKEN"] == nil)
        #expect(found.broker["LATCHKEY_API_KEY"] == "own")
    }

    @Test(arguments: [
        ["AWS_LAMBDA_RUNTIME_API": ""], ["AWS_LAMBDA_RUNTIME_API": "host"], ["AWS_LAMBDA_RUNTIME_API": ":9001"],
        ["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT": "x"], ["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT": "0"],
        ["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT": "70000"],
    ])
    func `Missing or malformed variables are refused`(given: [String: String]) {
        #expect(throws: LambdaEnvironment.Problem.self) { try environment(given) }
    }
}
