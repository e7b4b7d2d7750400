import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite("Rejected tokens") struct RejectionTests {
    /// How long a caller waits for the replacement of a rejected token.
    private static let maxWait: Duration = .seconds(1)

    let fixture = TokenFixture()

    private func isMarked(_ served: ServedToken, _ token: Secret) -> Bool {
        served.isRejected && served.entry.token.value == token
    }

    @Test func `A rejected token is served and marked until its replacement is there`() async throws {
        fixture.issuer.then(.success(fixture.grant("bad")))
        let bad = try await fixture.token().entry.token.value
        let gate = Gate()
        let next = fixture.grant("good")
        fixture.issuer.then(.success(next), gate: gate)
        #expect(fixture.reject(bad))
        await fixture.issuer.calls.first(2)
        // A caller waits for the replacement for a short time.
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        fixture.broker.token(fixture.profile, deadline: fixture.deadline) { answers.put($0) }
        fixture.sleeper.advance(by: Self.maxWait)
        #expect(isMarked(try await answers.first(1)[0].get(), bad))
        let hit = try #require(fixture.broker.cached(fixture.profile, now: fixture.now))
        #expect(hit.isRejected && hit.entry.token.value == bad)
        gate.open()
        await settle { fixture.cached()?.token.value == next.value }
        #expect(fixture.broker.cached(fixture.profile, now: fixture.now)?.isRejected == false)
        #expect(fixture.purposes.values == [.expiry, .rejection])
        let counted = #"latchkey_token_refreshes_total{profile="default",reason="rejected",outcome="success"}"#
        #expect(fixture.metric(counted) == 1)
    }

    @Test func `A caller that arrives while the replacement is fetched gets the replacement`() async throws {
        fixture.issuer.then(.success(fixture.grant("bad")))
        let bad = try await fixture.token().entry.token.value
        let next = fixture.grant("good")
        fixture.issuer.then(.success(next))
        fixture.reject(bad)
        #expect(try await fixture.token().entry.token.value == next.value)
        #expect(fixture.issuer.calls.count == 2)
    }

    @Test func `A burst of rejections costs one issuance, and an unknown digest costs none`() async throws {
        fixture.issuer.then(.success(fixture.grant("bad")))
        let bad = try await fixture.token().entry.token.value
        #expect(!fixture.reject(Secret("something else")))
        #expect(fixture.issuer.calls.count == 1)
        fixture.issuer.then(.success(fixture.grant("good")))
        for caller in 0..<200 { fixture.reject(bad, by: "caller-\(caller % 20)") }
        _ = try await fixture.token()
        #expect(!fixture.reject(bad))
        #expect(fixture.issuer.calls.count == 2)
    }

    @Test(arguments: [
        UpstreamFault(.unavailable, upstream: .auth0, code: "http_500"), UpstreamFault(.denied, upstream: .auth0),
        UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(900)),
        UpstreamFault(.budgetSpent, upstream: .auth0, code: "issue_budget", retryAfter: .seconds(1800)),
        UpstreamFault(.invalid, upstream: .auth0, code: "access_token"), UpstreamFault(.timedOut, upstream: .auth0),
    ])
    func `A rejected token that cannot be replaced stays in service and in the shared tier`(
        _ fault: UpstreamFault
    ) async throws {
        fixture.issuer.then(.success(fixture.grant("bad")))
        let bad = try await fixture.token().entry.token.value
        await fixture.broker.drain(by: .distantFuture)
        fixture.shared.then(.success(fixture.stored(bad)))
        fixture.issuer.then(.failure(fault))
        fixture.reject(bad)
        for _ in 0..<60 {
            let served = try await fixture.token()
            #expect(isMarked(served, bad))
            #expect(served.refreshError != nil)
            fixture.sleeper.advance(by: .seconds(1))
        }
        // One request at once, and after 2, 4, 8, 16 and 32 s at most.
        #expect((2...7).contains(fixture.issuer.calls.count))
        #expect(fixture.written.values.map(\.token) == [bad])
    }

    @Test func `After a clear, a rejected token in the shared tier is served if there is no other`() async throws {
        fixture.issuer.then(.success(fixture.grant("bad")))
        let bad = try await fixture.token().entry.token.value
        fixture.shared.then(.success(fixture.stored(bad)))
        fixture.issuer.then(.failure(UpstreamFault(.denied, upstream: .auth0)))
        fixture.reject(bad)
        #expect(isMarked(try await fixture.token(), bad))
        fixture.broker.clear()
        #expect(isMarked(try await fixture.token(), bad))
        let next = fixture.grant("good")
        fixture.issuer.then(.success(next))
        fixture.sleeper.advance(by: .seconds(30))
        #expect(try await fixture.token().entry.token.value == next.value)
    }

    @Test func `A budget spent by rejections does not prevent the refresh at expiry`() async throws {
        fixture.issuer.then(.success(fixture.grant("bad")))
        let bad = try await fixture.token().entry.token.value
        fixture.issuer.then(
            .failure(UpstreamFault(.budgetSpent, upstream: .auth0, code: "issue_budget", retryAfter: .seconds(3600))))
        fixture.reject(bad)
        #expect(isMarked(try await fixture.token(), bad))
        let next = fixture.grant("good")
        fixture.issuer.then(.success(next))
        fixture.sleeper.advance(by: .seconds(3599))
        #expect(try await fixture.token().entry.token.value == next.value)
        #expect(fixture.purposes.values.last == .expiry)
    }

    @Test func `A rejected token inside its buffer is refreshed like any other`() async throws {
        fixture.issuer.then(.success(fixture.grant("bad")))
        let bad = try await fixture.token().entry.token.value
        fixture.sleeper.advance(by: .seconds(3500))
        let next = fixture.grant("good")
        fixture.issuer.then(.success(next))
        fixture.reject(bad)
        #expect(try await fixture.token().entry.token.value == next.value)
        #expect(fixture.purposes.values == [.expiry, .expiry])
    }

    @Test func `Forced refreshes and rejections leave a part of the budget for expiry`() {
        for (perHour, forced, rejected) in [(1, 0, 1), (2, 0, 1), (4, 1, 1), (5, 1, 2), (60, 15, 15), (100, 25, 25)] {
            #expect(IssuePurpose.expiry.reserve(of: perHour) == 0)
            #expect(IssuePurpose.caller.reserve(of: perHour) == forced)
            #expect(IssuePurpose.rejection.reserve(of: perHour) == rejected)
        }
    }
}
