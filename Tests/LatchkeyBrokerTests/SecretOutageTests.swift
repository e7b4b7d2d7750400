import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite("Stores that fail") struct SecretOutageTests {
    let fixture = SecretFixture()
    let down = UpstreamFault(.unavailable, upstream: .parameterStore, code: "InternalServerError")

    @Test func `A value is served beyond its TTL while the store fails, for at most the stale TTL`() async throws {
        fixture.store.put("/app/dev/A", "1")
        _ = try await fixture.secret("A")
        fixture.store.fail("*", down)
        fixture.sleeper.advance(by: .seconds(301))
        // The absence of the blob is served too; otherwise every parameter would fail.
        for _ in 0..<3 { #expect(try await fixture.secret("A").isStale) }
        #expect(try fixture.isCached("A"))
        let unknown = await #expect(throws: UpstreamFault.self) { try await fixture.secret("never-seen") }
        #expect(unknown?.reason == .unavailable)
        fixture.sleeper.advance(by: .seconds(3600))
        await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") }
    }

    @Test func `The oldest value past its TTL is known while its store fails`() async throws {
        fixture.store.put("/app/dev/A", "1")
        fixture.store.put("/app/dev/B", "2")
        _ = try await fixture.secret("A")
        fixture.sleeper.advance(by: .seconds(100))
        _ = try await fixture.secret("B")
        fixture.sleeper.advance(by: .seconds(250))
        // Nothing has failed: a value past its TTL is read again, and is not stale.
        #expect(fixture.broker.oldestStaleAge(fixture.now) == nil)
        fixture.store.fail("*", down)
        #expect(try await fixture.secret("A").isStale)
        #expect(fixture.broker.oldestStaleAge(fixture.now) == .seconds(350))
        fixture.sleeper.advance(by: .seconds(60))
        #expect(try await fixture.secret("B").isStale)
        #expect(fixture.broker.oldestStaleAge(fixture.now) == .seconds(410))
        fixture.store.fail("*", nil)
        _ = try await fixture.secret("A", refresh: true)
        #expect(fixture.broker.oldestStaleAge(fixture.now) == .seconds(310))
        _ = try await fixture.secret("B", refresh: true)
        #expect(fixture.broker.oldestStaleAge(fixture.now) == nil)
        fixture.store.fail("*", down)
        fixture.sleeper.advance(by: .seconds(4000))
        await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") }
        // Beyond the stale TTL nothing is served.
        #expect(fixture.broker.oldestStaleAge(fixture.now) == nil)
    }

    @Test func `A field of the blob is served beyond its TTL while the store fails`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await fixture.secret("A")
        fixture.store.fail("*", down)
        fixture.sleeper.advance(by: .seconds(301))
        let served = try await fixture.secret("A")
        #expect(served.isStale)
        #expect(served.tier == .memory)
        #expect(served.refreshError?.code == "InternalServerError")
        guard case .success(let cached) = try fixture.broker.cached(fixture.query("A"), now: fixture.now) else {
            Issue.record("the stale value is not served from memory")
            return
        }
        #expect(cached.isStale)
        fixture.sleeper.advance(by: .seconds(3600))
        await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") }
    }

    @Test func `A failing store is not read by every caller, and is in use again within 5 s of its recovery`()
        async throws
    {
        fixture.store.fail("*", down)
        for _ in 0..<100 { await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") } }
        #expect(fixture.store.calls.count == 1)
        for _ in 0..<60 {
            fixture.sleeper.advance(by: .seconds(1))
            await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") }
        }
        #expect(fixture.store.calls.count < 20)
        #expect(fixture.log.lines(.warning).count == 1)
        fixture.store.fail("*", nil)
        fixture.store.put("/app/dev/A", "1")
        fixture.sleeper.advance(by: .seconds(4))
        #expect(try await fixture.text("A") == "1")
        #expect(fixture.health.status(.parameterStore).state == .ok)
    }

    @Test func `A refusal ends a value that is beyond its TTL`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await fixture.secret("A")
        fixture.store.fail("*", UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException"))
        fixture.sleeper.advance(by: .seconds(301))
        let fault = await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") }
        #expect(fault?.reason == .denied)
        #expect(fault?.code == "AccessDeniedException")
    }

    @Test func `A caller's deadline ends its wait`() async throws {
        let gate = Gate()
        fixture.store.stop(at: gate)
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        let answers = Inbox<Result<ServedSecret, UpstreamFault>>()
        let deadline = fixture.now.monotonic + .seconds(1)
        try fixture.broker.secret(fixture.query("A"), deadline: deadline) { answers.put($0) }
        await fixture.store.calls.first(1)
        fixture.sleeper.advance(by: .seconds(1))
        let ended = await answers.first(1)[0]
        #expect(throws: UpstreamFault(.timedOut)) { try ended.get() }
        gate.open()
    }

    @Test(arguments: [UpstreamFault.Reason.denied, .refused, .notFound])
    func `An answer of the store is not an outage, so nothing is served beyond its TTL`(
        reason: UpstreamFault.Reason
    ) async throws {
        fixture.store.put("/app/dev/A", "1")
        _ = try await fixture.secret("A")
        fixture.store.fail("/app/dev/A", UpstreamFault(reason, upstream: .parameterStore, code: "InvalidSomething"))
        fixture.sleeper.advance(by: .seconds(301))
        let fault = await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") }
        #expect(fault?.reason == reason)
    }

    @Test(arguments: [UpstreamFault.Reason.denied, .refused])
    func `A refused item is counted and logged once, and its store stays healthy`(
        reason: UpstreamFault.Reason
    ) async throws {
        fixture.store.put("/app/dev/A", "1")
        fixture.store.fail(
            "/app/dev/B", UpstreamFault(reason, upstream: .parameterStore, code: "AccessDeniedException"))
        _ = try await fixture.secret("A")
        for _ in 0..<3 {
            await #expect(throws: UpstreamFault.self) { try await fixture.secret("B") }
            fixture.sleeper.advance(by: .seconds(5))
        }
        #expect(fixture.health.status(.parameterStore).state == .ok)
        let error = #"latchkey_tier_requests_total{resource="secret",tier="parameter_store",outcome="error"}"#
        #expect(fixture.metric(error) == 3)
        #expect(fixture.log.lines(.warning).filter { $0.contains("/app/dev/B") }.count == 1)
        fixture.store.fail("*", UpstreamFault(reason, upstream: .parameterStore, code: "AccessDeniedException"))
        _ = try? await fixture.secret("secrets", refresh: true)
        #expect(fixture.health.status(.parameterStore).state == .failing)
    }

    @Test func `After the first failure, an expired value is served at once and read again in the background`()
        async throws
    {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await fixture.secret("A")
        fixture.store.fail("*", down)
        fixture.sleeper.advance(by: .seconds(301))
        #expect(try await fixture.secret("A").isStale)
        let gate = Gate()
        fixture.store.stop(at: gate)
        for _ in 0..<3 {
            // The backoff is over, so the store is read again, and hangs.
            fixture.sleeper.advance(by: .seconds(5))
            #expect(try fixture.isCached("A"))
            #expect(try await fixture.secret("A").isStale)
        }
        await fixture.store.calls.first(3)
        fixture.store.fail("*", nil)
        fixture.store.put("/app/dev/secrets", #"{"A":"2"}"#, version: "2")
        gate.open()
        while try await fixture.secret("A").isStale { await Task.yield() }
        #expect(try await fixture.text("A") == "2")
    }

    @Test func `A request for a parameter refreshes a stale blob in the background`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        fixture.store.put("/app/dev/B", "1")
        _ = try await fixture.secret("B")
        fixture.store.fail("/app/dev/secrets", down)
        fixture.sleeper.advance(by: .seconds(301))
        #expect(try await fixture.text("B") == "1")
        fixture.store.fail("/app/dev/secrets", nil)
        fixture.sleeper.advance(by: .seconds(5))
        let calls = fixture.store.calls.count
        #expect(try fixture.isCached("B"))
        await fixture.store.calls.first(calls + 1)
        #expect(fixture.store.calls.values.last == "/app/dev/secrets")
    }

    @Test
    func `A value is usable until its stale TTL, and only values that callers requested count`()
        async throws
    {
        fixture.store.put("/app/dev/A", "1")
        _ = try? await fixture.broker.secret(
            fixture.query("secrets"), demand: .recent(maximumAge: .zero), deadline: fixture.deadline)
        #expect(!fixture.broker.wasRequested)
        #expect(fixture.broker.usableUntil() == nil)
        let start = fixture.now.monotonic
        _ = try await fixture.secret("A")
        #expect(fixture.broker.wasRequested)
        // The parameter is served as long as the absence of the blob is known.
        #expect(fixture.broker.usableUntil() == start + .seconds(60 + 3600))
        fixture.store.put("/app/dev/secrets", #"{"B":"1","AUTH0_DOMAIN":"d"}"#)
        fixture.sleeper.advance(by: .seconds(2))
        _ = try await fixture.secret("secrets", refresh: true)
        #expect(fixture.broker.usableUntil() == start + .seconds(2 + 300 + 3600), "the blob")
        #expect(fixture.broker.blobHas(anyOf: ["X", "AUTH0_DOMAIN"]))
        #expect(!fixture.broker.blobHas(anyOf: ["X"]))
        fixture.store.fail("*", UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException"))
        fixture.sleeper.advance(by: .seconds(5))
        _ = try await fixture.secret("secrets", refresh: true)
        #expect(fixture.broker.usableUntil() == start + .seconds(2 + 300), "a refusal ends the value with its TTL")
        fixture.broker.clear()
        #expect(fixture.broker.usableUntil() == nil)
    }

    @Test func `With a TTL of zero, every answer comes from the store and none is stale`() async throws {
        let fixture = SecretFixture { $0.freshTTL = .zero }
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        for _ in 0..<3 {
            let served = try await fixture.secret("A")
            #expect(!served.isStale)
            #expect(served.tier == .parameterStore)
        }
        fixture.store.fail("*", down)
        #expect(try await fixture.secret("A").isStale)
    }
}
