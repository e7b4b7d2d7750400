import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite("The order of concurrent refreshes") struct TokenOrderTests {
    let fixture = TokenFixture(isShared: false)

    private func start(_ ask: TokenDemand) -> Inbox<Result<ServedToken, UpstreamFault>> {
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        fixture.broker.token(fixture.profile, ask, deadline: fixture.deadline) { answers.put($0) }
        return answers
    }

    @Test func `A forced refresh does not join an older refresh, whose late token is not kept`()
        async throws
    {
        let (old, new) = (fixture.grant("old"), fixture.grant("new"))
        let gate = Gate()
        fixture.issuer.then(.success(old), gate: gate)
        let first = start(TokenDemand())
        await fixture.issuer.calls.first(1)
        fixture.issuer.then(.success(new))
        let second = try await start(TokenDemand(refresh: true)).first(1)[0].get()
        #expect(second.entry.token.value == new.value && second.refreshError == nil)
        fixture.issuer.then(.success(old))
        gate.open()
        _ = try await first.first(1)[0].get()
        #expect(fixture.cached()?.token.value == new.value)
    }

    @Test func `Concurrent forced refreshes cost one issuance, and the callers that joined are told`() async throws {
        let gate = Gate()
        fixture.issuer.then(.success(fixture.grant("new")), gate: gate)
        let answers = (0..<20).map { _ in start(TokenDemand(refresh: true)) }
        gate.open()
        var faults: [String?] = []
        for each in answers { faults.append(try await each.first(1)[0].get().refreshError?.summary) }
        #expect(fixture.issuer.calls.count == 1)
        #expect(faults.first == .some(nil))
        #expect(faults.dropFirst().allSatisfy { $0 == "refresh_floor" })
    }

    @Test func `The token of a refresh from before a clear is not kept, and later callers do not join it`() async throws
    {
        let (old, new) = (fixture.grant("old"), fixture.grant("new"))
        let gate = Gate()
        fixture.issuer.then(.success(old), gate: gate)
        let first = start(TokenDemand())
        await fixture.issuer.calls.first(1)
        fixture.broker.clear()
        gate.open()
        #expect(try await first.first(1)[0].get().entry.token.value == old.value)
        #expect(fixture.cached() == nil)
        fixture.issuer.then(.success(new))
        #expect(try await fixture.token().entry.token.value == new.value)
    }

    @Test func `A failed refresh from before a clear causes no backoff`() async throws {
        let gate = Gate()
        fixture.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0)), gate: gate)
        let first = start(TokenDemand())
        await fixture.issuer.calls.first(1)
        fixture.broker.clear()
        gate.open()
        let outcome = await first.first(1)[0]
        #expect(throws: UpstreamFault.self) { try outcome.get() }
        fixture.issuer.then(.success(fixture.grant()))
        #expect(try await fixture.token().tier == .auth0)
    }
}
