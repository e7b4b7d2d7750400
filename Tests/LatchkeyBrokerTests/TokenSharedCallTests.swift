import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite("One refresh for many callers") struct TokenSharedCallTests {
    let fixture = TokenFixture()

    @Test func `500 cold callers cost one issuance and get one token`() async throws {
        let gate = Gate()
        fixture.issuer.then(.success(fixture.grant()), gate: gate)
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        for _ in 0..<500 { fixture.broker.token(fixture.profile, deadline: fixture.deadline) { answers.put($0) } }
        await fixture.issuer.calls.first(1)
        #expect(answers.count == 0)
        gate.open()
        let versions = try await answers.first(500).map { try $0.get().entry.version }
        #expect(Set(versions).count == 1)
        #expect(fixture.issuer.calls.count == 1)
        #expect(fixture.shared.calls.count == 1)
        #expect(fixture.metric(#"latchkey_singleflight_joined_total{resource="token"}"#) == 499)
    }

    @Test func `A failure is shared and kept, so that callers do not retry one after the other`() async throws {
        let gate = Gate()
        fixture.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0, code: "503")), gate: gate)
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        for _ in 0..<500 { fixture.broker.token(fixture.profile, deadline: fixture.deadline) { answers.put($0) } }
        gate.open()
        let faults = await answers.first(500).compactMap { answer in
            if case .failure(let fault) = answer { fault } else { nil }
        }
        #expect(faults.count == 500)
        #expect(Set(faults).count == 1)
        #expect(fixture.issuer.calls.count == 1)
        await #expect(throws: UpstreamFault(.unavailable, upstream: .auth0, code: "503", retryAfter: .seconds(1))) {
            try await fixture.token()
        }
        #expect(fixture.issuer.calls.count == 1)
    }

    @Test func `However long an outage, tokens are served within 5 s of its end`() async throws {
        fixture.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0)))
        for _ in 0..<40 {
            await #expect(throws: UpstreamFault.self) { try await fixture.token() }
            fixture.sleeper.advance(by: .seconds(1))
        }
        fixture.issuer.then(.success(fixture.grant()))
        fixture.sleeper.advance(by: .seconds(4))
        #expect(try await fixture.token().tier == .auth0)
    }

    @Test func `A caller's deadline ends its wait but not the refresh`() async throws {
        let gate = Gate()
        fixture.issuer.then(.success(fixture.grant()), gate: gate)
        let early = Inbox<Result<ServedToken, UpstreamFault>>()
        let late = Inbox<Result<ServedToken, UpstreamFault>>()
        fixture.broker.token(fixture.profile, deadline: fixture.deadline) { late.put($0) }
        fixture.broker.token(fixture.profile, deadline: fixture.now.monotonic + .seconds(2)) { early.put($0) }
        await fixture.issuer.calls.first(1)
        fixture.sleeper.advance(by: .seconds(2))
        let ended = await early.first(1)[0]
        #expect(throws: UpstreamFault(.timedOut)) { try ended.get() }
        #expect(late.count == 0)
        gate.open()
        #expect(try await late.first(1)[0].get().tier == .auth0)
        #expect(fixture.issuer.calls.count == 1)
    }

    @Test func `A refresh that never ends is abandoned, and its late token is kept`() async throws {
        let gate = Gate()
        fixture.issuer.then(.success(fixture.grant()), gate: gate)
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        fixture.broker.token(fixture.profile, deadline: .distantFuture) { answers.put($0) }
        await fixture.issuer.calls.first(1)
        fixture.sleeper.advance(by: .seconds(10))
        let ended = await answers.first(1)[0]
        #expect(throws: UpstreamFault(.timedOut)) { try ended.get() }
        gate.open()
        // The token is written after it is cached.
        await fixture.written.first(1)
        #expect(fixture.cached() != nil)
    }

    @Test func `Callers beyond the limit are refused at once`() async throws {
        let fixture = TokenFixture(maximumWaiters: 3)
        let gate = Gate()
        fixture.issuer.then(.success(fixture.grant()), gate: gate)
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        for _ in 0..<5 { fixture.broker.token(fixture.profile, deadline: fixture.deadline) { answers.put($0) } }
        for answer in await answers.first(2) {
            #expect(throws: UpstreamFault(.overloaded, retryAfter: .seconds(1))) { try answer.get() }
        }
        gate.open()
        #expect(try await answers.first(5).suffix(3).allSatisfy { try $0.get().tier == .auth0 })
    }

    @Test func `One caller cannot take all places of a refresh`() async throws {
        let fixture = TokenFixture(maximumWaiters: 8)
        let gate = Gate()
        fixture.issuer.then(.success(fixture.grant()), gate: gate)
        let (answers, others) = (
            Inbox<Result<ServedToken, UpstreamFault>>(), Inbox<Result<ServedToken, UpstreamFault>>()
        )
        let (a, b) = (Requester(id: "a"), Requester(id: "b"))
        for _ in 0..<20 {
            fixture.broker.token(fixture.profile, TokenDemand(requester: a), deadline: fixture.deadline) {
                answers.put($0)
            }
        }
        fixture.broker.token(fixture.profile, TokenDemand(requester: b), deadline: fixture.deadline) {
            others.put($0)
        }
        #expect(await answers.first(16).allSatisfy { (try? $0.get()) == nil })
        gate.open()
        #expect(try await others.first(1)[0].get().tier == .auth0)
        #expect(try await answers.first(20).suffix(4).allSatisfy { try $0.get().tier == .auth0 })
    }
}
