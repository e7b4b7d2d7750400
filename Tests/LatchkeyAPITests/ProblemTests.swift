import LatchkeyAPI
import LatchkeyBroker
import LatchkeyCore
import LatchkeyHTTP
import LatchkeyMetrics
import Testing

@Suite struct ProblemTests {
    @Test(arguments: [
        (UpstreamFault.Reason.notFound, 404, Problem.Code.notFound), (.denied, 502, .upstreamDenied),
        (.refused, 502, .upstreamInvalid),
        (.throttled, 503, .upstreamThrottled), (.unavailable, 502, .upstreamUnavailable),
        (.timedOut, 504, .upstreamTimeout), (.invalid, 502, .upstreamInvalid), (.overloaded, 503, .overloaded),
        (.notReady, 503, .notReady),
    ])
    func `Every fault has one response`(reason: UpstreamFault.Reason, status: Int, code: Problem.Code) {
        let problem = Problem(UpstreamFault(reason, upstream: .parameterStore, code: "SomeCode"), what: "secret")
        #expect(problem.status == status && problem.code == code)
        #expect((problem.retryAfter != nil) == (status == 503), "503 says when to come back")
        #expect((problem.upstreamCode == "SomeCode") == (reason != .notFound))
    }

    @Test func `Retry-After is rounded up`() {
        let fault = UpstreamFault(.throttled, upstream: .auth0, retryAfter: .milliseconds(1200))
        #expect(Problem(fault, what: "token").retryAfter == 2)
        let down = UpstreamFault(.unavailable, upstream: .auth0, retryAfter: .seconds(3))
        #expect(Problem(down, what: "token").status == 503 && Problem(down, what: "token").retryAfter == 3)
    }

    @Test func `Latchkey's own budget is told apart from an issuer's throttle`() {
        let own = UpstreamFault(
            .budgetSpent, upstream: .auth0, code: "issue_budget", retryAfter: .seconds(90),
            subject: "LATCHKEY_ISSUE_BUDGET_PER_HOUR")
        let problem = Problem(own, what: "token")
        #expect(problem.status == 503 && problem.code == .upstreamThrottled && problem.retryAfter == 90)
        #expect(problem.detail.contains("LATCHKEY_ISSUE_BUDGET_PER_HOUR"))
        #expect(problem.detail.contains("latchkey's own budget"))
        #expect(!Problem(UpstreamFault(.throttled, upstream: .auth0), what: "token").detail.contains("own budget"))
    }

    @Test(arguments: RequestRejection.allCases)
    func `Every refusal of the server is a problem with the same status`(refusal: RequestRejection) {
        let problem = Problem(ServerRejection.malformed(refusal))
        #expect(problem.status == refusal.status)
        #expect(problem.detail == refusal.reason)
    }

    @Test func `The body has the members of RFC 9457 and the request's id`() throws {
        var problem = Problem(502, .upstreamDenied, "no")
        problem.upstream = "auth0"
        problem.upstreamCode = "access_denied"
        let body = try JSON(parsing: problem.body(requestID: "r1"))
        #expect(
            body == [
                "type": "about:blank", "title": "Bad Gateway", "status": 502, "detail": "no",
                "code": "upstream_denied", "request_id": "r1", "upstream": "auth0", "upstream_code": "access_denied",
            ])
    }
}
