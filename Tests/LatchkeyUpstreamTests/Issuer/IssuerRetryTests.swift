import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyUpstream
import Testing

@Suite("Repeated requests to an issuer") struct IssuerRetryTests {
    @Test(arguments: [500, 502, 503, 504, 408, 425])
    func `A server error is retried after exponential backoff with full jitter`(status: Int) async throws {
        let fixture = IssuerFixture(.json(status, ""), .json(status, "<html>"), .token, jitter: 0.5)
        #expect(try await fixture.issue().value == Secret("abc.def"))
        #expect(fixture.waits == [.milliseconds(50), .milliseconds(100)])
        #expect(fixture.events.map(\.outcome) == [.unavailable, .unavailable, .success])
        #expect(fixture.events.map(\.attempt) == [1, 2, 3])
        #expect(fixture.events.allSatisfy { $0.upstream == .auth0 })
    }

    @Test func `There are at most three attempts`() async {
        let fixture = IssuerFixture(.json(503, ""), .json(502, ""), .json(500, ""), .token)
        #expect(await fixture.error() == .unavailable(status: 500))
        #expect(fixture.requests.count == 3)
    }

    // A proxy can answer with its own page, or with no body, while it restarts (envoyproxy/envoy#42009).
    @Test(arguments: [
        ("", IssuerError.InvalidResponse.emptyBody), ("<html>busy</html>", .notJSON),
        (#"{"access_token":"a"#, .notJSON), ("[]", .notJSON), ("null", .notJSON), (#""token""#, .notJSON),
    ])
    func `A 200 that is not a JSON object is retried, then refused`(
        text: String, reason: IssuerError.InvalidResponse
    ) async throws {
        #expect(try await IssuerFixture(.json(200, text), .token).issue().value == Secret("abc.def"))
        let fixture = IssuerFixture(.json(200, text), .json(200, text), .json(200, text), .token)
        #expect(await fixture.error() == .invalid(reason))
        #expect(fixture.requests.count == 3)
    }

    @Test(arguments: [
        HTTPClientError.connectFailed(errno: 111), .connectTimedOut, .closedBeforeResponse, .truncated,
    ])
    func `A failed connection is retried`(failure: HTTPClientError) async throws {
        let fixture = IssuerFixture([.failure(failure), .success(.token)])
        #expect(try await fixture.issue().value == Secret("abc.def"))
        let broken = IssuerFixture([.failure(failure), .failure(failure), .failure(failure)])
        #expect(await broken.error() == .transport(failure))
    }

    @Test(arguments: [
        HTTPClientError.tlsFailed(reason: "certificate verify failed"), .nameNotResolved, .malformed(reason: "x"),
        .tooLarge, .unexpectedEncoding, .shutDown,
    ])
    func `A permanent failure is not retried`(failure: HTTPClientError) async {
        let fixture = IssuerFixture([.failure(failure), .success(.token)])
        #expect(await fixture.error() == .transport(failure))
        #expect(fixture.requests.count == 1)
    }

    @Test func `A request that runs out of time is timedOut`() async {
        let fixture = IssuerFixture([.failure(.timedOut), .success(.token)])
        #expect(await fixture.error() == .timedOut)
        #expect(fixture.requests.count == 1)
    }

    @Test func `Retry-After of a 503 is respected if the deadline allows it`() async throws {
        let busy = HTTPResponse.json(503, "", ["Retry-After": "2"])
        let fixture = IssuerFixture(busy, .token)
        _ = try await fixture.issue(within: .seconds(5))
        #expect(fixture.waits == [.seconds(2)])
        let short = IssuerFixture(busy, .token)
        #expect(await short.error(within: .seconds(2)) == .unavailable(status: 503, retryAfter: .seconds(2)))
        #expect(short.requests.count == 1)
        #expect(short.waits.isEmpty)
    }

    @Test func `No error contains the secret or the body`() async throws {
        let bodies = [#"{"error":"access_denied","error_description":"s3cr&t"}"#, "s3cr&t", #"{"error":"s3cr&t"}"#]
        for status in [200, 302, 400, 401, 403, 429, 500] {
            for body in bodies {
                let fixture = IssuerFixture([.success(.json(status, body))])
                let error = try #require(await fixture.error())
                #expect(!"\(error) \(error.code ?? "")".contains("s3cr"))
                #expect(!fixture.events.contains { "\($0)".contains("s3cr") })
            }
        }
    }

    @Test func `Every invalid response has its own code, fit for a header, and a sentence`() {
        let responses = IssuerError.InvalidResponse.allCases
        for response in responses {
            #expect(response.code.rawValue.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F })
            #expect(!response.code.meaning.isEmpty)
        }
        #expect(Set(responses.map(\.code)).count == responses.count)
    }
}
