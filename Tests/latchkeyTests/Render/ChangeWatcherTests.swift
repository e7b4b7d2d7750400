import LatchkeyCore
import LatchkeyHTTP
import Testing

@testable import latchkey

@Suite struct ChangeWatcherTests {
    private static func token(_ text: String, _ seconds: Int) -> HTTPResponse {
        HTTPResponse(
            status: 200,
            body: JSON.object(["access_token": .string(text), "expires_in": .integer(Int64(seconds))]).bytes())
    }

    @Test func `A secret has changed at each answer with a value`() {
        var state = ChangeWatcher.State()
        func take(_ response: HTTPResponse?) -> Bool { state.take(response, of: .secret("a")) }
        #expect(take(HTTPResponse(status: 200, fields: ["ETag": "\"1\""])))
        #expect(state.tag == "\"1\"")
        #expect(!take(HTTPResponse(status: 304)))
        #expect(take(HTTPResponse(status: 200, fields: ["ETag": "\"2\""])))
        #expect(state.tag == "\"2\"" && state.failures == 0)
    }

    @Test func `Only the first of several failures is a change`() {
        var state = ChangeWatcher.State()
        func take(_ response: HTTPResponse?) -> Bool { state.take(response, of: .secret("a")) }
        #expect(take(nil))
        #expect(!take(HTTPResponse(status: 503)))
        #expect(state.failures == 2)
        #expect(!take(HTTPResponse(status: 304)))
        #expect(state.failures == 0)
        #expect(take(HTTPResponse(status: 403)))
    }

    @Test func `A token has changed when it is another one`() {
        var state = ChangeWatcher.State()
        func take(_ response: HTTPResponse?) -> Bool { state.take(response, of: .token("default")) }
        #expect(take(Self.token("one", 3600)))
        #expect(state.pause == .seconds(60))
        #expect(!take(Self.token("one", 310)))
        #expect(state.pause == .seconds(10))
        #expect(!take(Self.token("one", 200)))
        #expect(state.pause == .seconds(15))
        #expect(take(Self.token("two", 3600)))
    }

    @Test func `An answer that is no token is a failure`() {
        var state = ChangeWatcher.State()
        func take(_ response: HTTPResponse?) -> Bool { state.take(response, of: .token("default")) }
        #expect(!take(HTTPResponse(status: 200, body: Array("x".utf8))))
        #expect(state.failures == 1)
    }

    @Test(
        arguments: [
            (3600, 3600, 60), (3600, 330, 30), (3600, 300, 15), (3600, 0, 15), (100, 100, 60), (100, 50, 30),
            (100, 20, 1),
            (0, 0, 1), (-5, -5, 1), (Int64.max, Int64.max, 60), (Int64.max, Int64.min, 15), (5, 5, 4),
        ] as [(Int64, Int64, Int64)])
    func `The pause ends at the refresh window and is short within it`(lifetime: Int64, remaining: Int64, pause: Int64)
    {
        #expect(TokenSchedule(lifetime: lifetime).pause(remaining: remaining) == .seconds(pause))
    }

    @Test func `Each failure is told once, and the recovery`() {
        var failures = RenderFailures()
        func failure(_ message: String) -> String? {
            failures.failure(CommandFailure(.failed, message), keeping: "/f")
        }
        func success() -> String? { failures.success("/f") }
        #expect(success() == nil)
        #expect(failure("a") == "a; /f is left as it is, trying again")
        #expect(failure("a") == nil)
        #expect(failure("b") != nil)
        #expect(failures.count == 3)
        #expect(success() == "all values can be read again; /f is up to date")
        #expect(success() == nil)
    }
}
