import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyUpstream
import Testing

@Suite struct `Asking an issuer again` {
    // faults.md row 35.
    @Test(arguments: [500, 502, 503, 504, 408, 425])
    func `A server error is tried again after a random part of a doubling wait`(status: Int) async throws {
        let bench = IssuerBench(.json(status, ""), .json(status, "<html>"), .token, random: 0.5)
        #expect(try await bench.issue().value == Secret("abc.def"))
        #expect(bench.waits == [.milliseconds(50), .milliseconds(100)])
        #expect(bench.events.map(\.outcome) == [.unavailable, .unavailable, .success])
        #expect(bench.events.map(\.attempt) == [1, 2, 3])
        #expect(bench.events.allSatisfy { $0.upstream == .auth0 })
    }

    @Test func `Three attempts are the most`() async {
        let bench = IssuerBench(.json(503, ""), .json(502, ""), .json(500, ""), .token)
        #expect(await bench.error() == .unavailable(status: 500))
        #expect(bench.requests.count == 3)
    }

    // faults.md rows 16 and 17; envoyproxy/envoy#42009.
    @Test(arguments: [
        ("", IssuerError.InvalidAnswer.emptyBody), ("<html>busy</html>", .notJSON), (#"{"access_token":"a"#, .notJSON),
        ("[]", .notJSON), ("null", .notJSON), (#""token""#, .notJSON),
    ])
    func `A 200 that is no JSON object is tried again, then refused`(
        text: String, flaw: IssuerError.InvalidAnswer
    ) async throws {
        #expect(try await IssuerBench(.json(200, text), .token).issue().value == Secret("abc.def"))
        let bench = IssuerBench(.json(200, text), .json(200, text), .json(200, text), .token)
        #expect(await bench.error() == .invalid(flaw))
        #expect(bench.requests.count == 3)
    }

    @Test(arguments: [
        HTTPClientError.connectFailed(errno: 111), .connectTimedOut, .closedBeforeResponse, .truncated,
    ])
    func `A broken connection is tried again`(failure: HTTPClientError) async throws {
        let bench = IssuerBench([.failure(failure), .success(.token)])
        #expect(try await bench.issue().value == Secret("abc.def"))
        #expect(
            await IssuerBench([.failure(failure), .failure(failure), .failure(failure)]).error() == .transport(failure))
    }

    @Test(arguments: [
        HTTPClientError.tlsFailed(reason: "certificate verify failed"), .nameNotResolved, .malformed(reason: "x"),
        .tooLarge, .unexpectedEncoding, .shutDown,
    ])
    func `What stays broken is not tried again`(failure: HTTPClientError) async {
        let bench = IssuerBench([.failure(failure), .success(.token)])
        #expect(await bench.error() == .transport(failure))
        #expect(bench.requests.count == 1)
    }

    @Test func `Running out of time is its own error`() async {
        let bench = IssuerBench([.failure(.timedOut), .success(.token)])
        #expect(await bench.error() == .timedOut)
        #expect(bench.requests.count == 1)
    }

    @Test func `Retry-After on a 503 is waited for if the deadline allows it`() async throws {
        let busy = HTTPResponse.json(503, "", ["Retry-After": "2"])
        let bench = IssuerBench(busy, .token)
        _ = try await bench.issue(within: .seconds(5))
        #expect(bench.waits == [.seconds(2)])
        let hurried = IssuerBench(busy, .token)
        #expect(await hurried.error(within: .seconds(2)) == .unavailable(status: 503, retryAfter: .seconds(2)))
        #expect(hurried.requests.count == 1)
        #expect(hurried.waits.isEmpty)
    }

    @Test func `No error shows the secret or the body`() async throws {
        let bodies = [#"{"error":"access_denied","error_description":"s3cr&t"}"#, "s3cr&t", #"{"error":"s3cr&t"}"#]
        for status in [200, 302, 400, 401, 403, 429, 500] {
            for body in bodies {
                let bench = IssuerBench([.success(.json(status, body))])
                let error = try #require(await bench.error())
                #expect(!"\(error) \(error.code ?? "")".contains("s3cr"))
                #expect(!bench.events.contains { "\($0)".contains("s3cr") })
            }
        }
    }

    @Test func `Every flaw has a code fit for a header and a sentence`() {
        for flaw in IssuerError.InvalidAnswer.allCases {
            #expect(flaw.rawValue.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F })
            #expect(!flaw.reason.isEmpty)
        }
    }
}
