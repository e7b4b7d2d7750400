import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite("Writes to the shared tier") struct SharedTokenWriterTests {
    let fixture = TokenFixture()

    @Test func `A write that does not end delays no caller`() async throws {
        let gate = Gate()
        fixture.writes.then(.success(()), gate: gate)
        fixture.issuer.then(.success(fixture.grant()))
        #expect(try await fixture.token().tier == .auth0)
        await fixture.writes.calls.first(1)
        #expect(fixture.cached() != nil)
        gate.open()
        await fixture.broker.drain(by: .distantFuture)
        #expect(fixture.written.count == 1)
    }

    @Test func `The drain waits for a write until its deadline at most`() async throws {
        let gate = Gate()
        fixture.writes.then(.success(()), gate: gate)
        fixture.issuer.then(.success(fixture.grant()))
        _ = try await fixture.token()
        await fixture.writes.calls.first(1)
        let drained = Inbox<Bool>()
        let end = fixture.now.monotonic + .seconds(3)
        Task {
            await fixture.broker.drain(by: end)
            drained.put(true)
        }
        fixture.sleeper.advance(by: .seconds(3))
        await drained.first(1)
        gate.open()
    }

    @Test
    func `A rejected token stays in the shared tier while it cannot be replaced, and the issuer's backoff is shared`()
        async throws
    {
        fixture.issuer.then(.success(fixture.grant("bad")))
        let bad = try await fixture.token().entry.token.value
        await fixture.broker.drain(by: .distantFuture)
        fixture.shared.then(.success(fixture.stored(bad)))
        fixture.issuer.then(.failure(UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(60))))
        #expect(fixture.reject(bad))
        await fixture.issuer.calls.first(2)
        let leases = await fixture.claims.calls.first(3)
        #expect(leases.last?.contains(#""resting":true"#) == true)
        #expect(fixture.written.values.map(\.token) == [bad])
    }

    @Test func `A denied write is logged and counted, and not retried`() async throws {
        let fault = UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException")
        fixture.writes.then(.failure(fault))
        fixture.issuer.then(.success(fixture.grant()))
        _ = try await fixture.token()
        await fixture.broker.drain(by: .distantFuture)
        for _ in 0..<50 { #expect(fixture.cached() != nil) }
        #expect(fixture.writes.calls.count == 1)
        #expect(fixture.log.lines(.warning).count == 1)
        let error = #"latchkey_tier_requests_total{resource="token",tier="parameter_store",outcome="error"}"#
        #expect(fixture.metric(error) == 1)
        #expect(fixture.health.status(.parameterStore).writeErrorCode == "AccessDeniedException")
        #expect(fixture.health.status(.parameterStore).state == .ok)
    }

    @Test func `If several tokens wait for a slow write, only the newest is written`() async throws {
        let gate = Gate()
        fixture.writes.then(.success(()), gate: gate)
        for name in ["a", "b", "c"] {
            fixture.issuer.then(.success(fixture.grant(name)))
            _ = try await fixture.token(TokenDemand(refresh: true))
            await fixture.writes.calls.first(1)
            fixture.sleeper.advance(by: .seconds(3))
        }
        gate.open()
        await fixture.broker.drain(by: .distantFuture)
        #expect(fixture.written.count == 2)
        #expect(fixture.written.values.last?.token == fixture.cached()?.token.value)
    }

    @Test func `No log line contains a token`() async throws {
        fixture.writes.then(.failure(UpstreamFault(.throttled)))
        fixture.shared.then(.success(StoredToken(token: Secret("tok\nen"), expires: "1")))
        fixture.issuer.then(.success(fixture.opaque("very-secret-token")))
        _ = try await fixture.token()
        await fixture.broker.drain(by: .distantFuture)
        let lines = fixture.log.lines(.warning)
        #expect(lines.count == 2)
        #expect(!lines.contains { $0.contains("very-secret") || $0.contains("tok\n") })
    }
}
