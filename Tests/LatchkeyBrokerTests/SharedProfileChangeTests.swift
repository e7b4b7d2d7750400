import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite("Profiles that change, with a shared tier") struct SharedProfileChangeTests {
    let profiles = ProfileFixture(isShared: true)
    var fixture: TokenFixture { profiles.fixture }
    var broker: TokenBroker { profiles.broker }

    private func replace(_ others: TokenProfile...) {
        broker.replace(with: [profiles.profile("default", nil, issuing: "default")] + others)
    }

    @Test func `A pair without a definition is accepted for a new profile and not for a changed one`()
        async throws
    {
        replace(profiles.profile("a", "1", issuing: "own"))
        fixture.shared.then(.success(fixture.stored(Secret("shared"))))
        #expect(try await profiles.token("a") == "shared")
        replace(profiles.profile("a", "2", issuing: "own"))
        #expect(try await profiles.token("a") == "own")
        replace(profiles.profile("b", "2", issuing: "own"))
        #expect(try await profiles.token("b") == "shared")
        // The profile is removed and comes back with another definition.
        replace(profiles.profile("a", "3", issuing: "own"))
        #expect(try await profiles.token("a") == "own")
    }

    @Test func `A refresh of the old definition takes no lease and does not call the issuer`()
        async throws
    {
        let (gate, old) = (Gate(), BrokerScript(.success(fixture.opaque("old"))))
        fixture.shared.then(.success(nil), gate: gate)
        replace(profiles.profile("a", "1", old))
        let id = try #require(broker.profile(named: "a"))
        broker.token(id, deadline: fixture.deadline) { _ in }
        await fixture.shared.calls.first(1)
        fixture.shared.then(.success(nil))
        replace(profiles.profile("a", "2", issuing: "new"))
        #expect(try await profiles.token("a") == "new")
        gate.open()
        for _ in 0..<100 { await Task.yield() }
        #expect(old.calls.count == 0 && fixture.claims.calls.count == 1)
        #expect(fixture.claims.calls.values[0].contains(#""for":"2""#))
    }

    @Test func `A pending write of the old definition is never made after one of the new definition`() async throws {
        fixture.writes.then(.failure(UpstreamFault(.throttled, upstream: .parameterStore)))
        replace(profiles.profile("a", "1", issuing: "old"))
        _ = try await profiles.token("a")
        await fixture.writes.calls.first(1)
        replace(profiles.profile("a", "2", issuing: "new"))
        fixture.writes.then(.success(()))
        #expect(try await profiles.token("a") == "new")
        await broker.drain(by: .distantFuture)
        #expect(fixture.written.values.map(\.token) == [Secret("new")])
    }

    @Test func `A failed write is not retried after its profile is removed`() async throws {
        fixture.writes.then(.failure(UpstreamFault(.throttled, upstream: .parameterStore)))
        replace(profiles.profile("a", "1", issuing: "old"))
        _ = try await profiles.token("a")
        let next = fixture.now.monotonic + .seconds(1)
        while !fixture.sleeper.times.contains(next) { await Task.yield() }
        replace()
        while fixture.sleeper.times.contains(next) { await Task.yield() }
        for _ in 0..<200 { await Task.yield() }
        #expect(fixture.writes.calls.count == 1)
    }

    @Test func `A new definition reads nothing while a write of the old one is in progress`() async throws {
        let (gate, new) = (Gate(), BrokerScript(.success(fixture.opaque("new"))))
        fixture.writes.then(.success(()), gate: gate)
        replace(profiles.profile("a", "1", issuing: "old"))
        _ = try await profiles.token("a")
        await fixture.writes.calls.first(1)
        let reads = fixture.shared.calls.count
        replace(profiles.profile("a", "2", new))
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        let id = try #require(broker.profile(named: "a"))
        broker.token(id, deadline: fixture.deadline) { answers.put($0) }
        for _ in 0..<100 { await Task.yield() }
        #expect(fixture.shared.calls.count == reads && new.calls.count == 0)
        gate.open()
        #expect(try await answers.first(1)[0].get().entry.token.value == Secret("new"))
        await broker.drain(by: .distantFuture)
        #expect(fixture.written.values.map(\.token) == [Secret("old"), Secret("new")])
    }
}
