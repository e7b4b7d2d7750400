import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite struct `Secret broker, failing stores` {
    let bench = SecretBench()
    let down = UpstreamFault(.unavailable, upstream: .parameterStore, code: "InternalServerError")

    @Test func `A value outlives its TTL while the store fails, and no longer than the stale TTL`() async throws {
        bench.store.put("/app/dev/A", "1")
        _ = try await bench.secret("A")
        bench.store.fail("*", down)
        bench.sleeper.advance(by: .seconds(301))
        // That there is no blob is believed on as well, or every parameter would fail with it.
        for _ in 0..<3 { #expect(try await bench.secret("A").isStale) }
        #expect(try bench.isCached("A"))
        let unknown = await #expect(throws: UpstreamFault.self) { try await bench.secret("never-seen") }
        #expect(unknown?.reason == .unavailable)
        bench.sleeper.advance(by: .seconds(3600))
        await #expect(throws: UpstreamFault.self) { try await bench.secret("A") }
    }

    @Test func `A blob's field outlives its TTL while the store fails`() async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await bench.secret("A")
        bench.store.fail("*", down)
        bench.sleeper.advance(by: .seconds(301))
        let served = try await bench.secret("A")
        #expect(served.isStale)
        #expect(served.tier == .memory)
        #expect(served.refreshError?.code == "InternalServerError")
        guard case .found(_, _, let isStale) = try bench.broker.cached(bench.query("A"), now: bench.now) else {
            Issue.record("the stale value is not served from memory")
            return
        }
        #expect(isStale)
        bench.sleeper.advance(by: .seconds(3600))
        await #expect(throws: UpstreamFault.self) { try await bench.secret("A") }
    }

    @Test func `A failing store is not asked by every caller, and is back in service within 5 s`() async throws {
        bench.store.fail("*", down)
        for _ in 0..<100 { await #expect(throws: UpstreamFault.self) { try await bench.secret("A") } }
        #expect(bench.store.calls.count == 1)
        for _ in 0..<60 {
            bench.sleeper.advance(by: .seconds(1))
            await #expect(throws: UpstreamFault.self) { try await bench.secret("A") }
        }
        #expect(bench.store.calls.count < 20)
        #expect(bench.log.lines(.warning).count == 1)
        bench.store.fail("*", nil)
        bench.store.put("/app/dev/A", "1")
        bench.sleeper.advance(by: .seconds(4))
        #expect(try await bench.text("A") == "1")
        #expect(bench.health.status(.parameterStore).state == .ok)
    }

    @Test func `A refusal ends a value that is no longer fresh`() async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await bench.secret("A")
        bench.store.fail("*", UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException"))
        bench.sleeper.advance(by: .seconds(301))
        let fault = await #expect(throws: UpstreamFault.self) { try await bench.secret("A") }
        #expect(fault?.reason == .denied)
        #expect(fault?.code == "AccessDeniedException")
    }

    @Test func `A caller's deadline ends its wait`() async throws {
        let gate = Gate()
        bench.store.stop(at: gate)
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        let answers = Inbox<Result<SecretBroker.Served, UpstreamFault>>()
        let deadline = bench.now.monotonic + .seconds(1)
        try bench.broker.secret(bench.query("A"), deadline: deadline) { answers.put($0) }
        await bench.store.calls.first(1)
        bench.sleeper.advance(by: .seconds(1))
        let ended = await answers.first(1)[0]
        #expect(throws: UpstreamFault(.timedOut)) { try ended.get() }
        gate.open()
    }

    @Test(arguments: [UpstreamFault.Reason.denied, .refused, .notFound])
    func `An answer of the store's is no outage, and nothing is served past its time for it`(
        reason: UpstreamFault.Reason
    ) async throws {
        bench.store.put("/app/dev/A", "1")
        _ = try await bench.secret("A")
        bench.store.fail("/app/dev/A", UpstreamFault(reason, upstream: .parameterStore, code: "InvalidSomething"))
        bench.sleeper.advance(by: .seconds(301))
        let fault = await #expect(throws: UpstreamFault.self) { try await bench.secret("A") }
        #expect(fault?.reason == reason)
    }

    @Test(arguments: [UpstreamFault.Reason.denied, .refused])
    func `One item that is refused is counted and told once, and its store is well`(
        reason: UpstreamFault.Reason
    ) async throws {
        bench.store.put("/app/dev/A", "1")
        bench.store.fail("/app/dev/B", UpstreamFault(reason, upstream: .parameterStore, code: "AccessDeniedException"))
        _ = try await bench.secret("A")
        for _ in 0..<3 {
            await #expect(throws: UpstreamFault.self) { try await bench.secret("B") }
            bench.sleeper.advance(by: .seconds(5))
        }
        #expect(bench.health.status(.parameterStore).state == .ok)
        let error = #"latchkey_tier_requests_total{resource="secret",tier="parameter_store",outcome="error"}"#
        #expect(bench.metric(error) == 3)
        #expect(bench.log.lines(.warning).filter { $0.contains("/app/dev/B") }.count == 1)
        bench.store.fail("*", UpstreamFault(reason, upstream: .parameterStore, code: "AccessDeniedException"))
        _ = try? await bench.secret("secrets", refresh: true)
        #expect(bench.health.status(.parameterStore).state == .failing)
    }

    @Test func `Past its time a value is served at once after the first failure, and fetched behind its callers`()
        async throws
    {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await bench.secret("A")
        bench.store.fail("*", down)
        bench.sleeper.advance(by: .seconds(301))
        #expect(try await bench.secret("A").isStale)
        let gate = Gate()
        bench.store.stop(at: gate)
        for _ in 0..<3 {
            // The pause is over: the store is asked again, and hangs.
            bench.sleeper.advance(by: .seconds(5))
            #expect(try bench.isCached("A"))
            #expect(try await bench.secret("A").isStale)
        }
        await bench.store.calls.first(3)
        bench.store.fail("*", nil)
        bench.store.put("/app/dev/secrets", #"{"A":"2"}"#, version: "2")
        gate.open()
        while try await bench.secret("A").isStale { await Task.yield() }
        #expect(try await bench.text("A") == "2")
    }

    @Test func `A parameter beside a stale blob keeps the blob looked for`() async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        bench.store.put("/app/dev/B", "1")
        _ = try await bench.secret("B")
        bench.store.fail("/app/dev/secrets", down)
        bench.sleeper.advance(by: .seconds(301))
        #expect(try await bench.text("B") == "1")
        bench.store.fail("/app/dev/secrets", nil)
        bench.sleeper.advance(by: .seconds(5))
        let asked = bench.store.calls.count
        #expect(try bench.isCached("B"))
        await bench.store.calls.first(asked + 1)
        #expect(bench.store.calls.values.last == "/app/dev/secrets")
    }

    @Test
    func `What callers have been given is usable to the end of its bounds, and what nobody asked for does not count`()
        async throws
    {
        bench.store.put("/app/dev/A", "1")
        _ = try? await bench.broker.secret(
            bench.query("secrets"), demand: .look(maximumAge: .zero), deadline: bench.deadline)
        #expect(!bench.broker.isAsked)
        #expect(bench.broker.usableUntil() == nil)
        let start = bench.now.monotonic
        _ = try await bench.secret("A")
        #expect(bench.broker.isAsked)
        // The parameter is served for as long as it is known that there is no blob.
        #expect(bench.broker.usableUntil() == start + .seconds(60 + 3600))
        bench.store.put("/app/dev/secrets", #"{"B":"1","AUTH0_DOMAIN":"d"}"#)
        bench.sleeper.advance(by: .seconds(2))
        _ = try await bench.secret("secrets", refresh: true)
        #expect(bench.broker.usableUntil() == start + .seconds(2 + 300 + 3600), "the blob")
        #expect(bench.broker.blobHas(anyOf: ["X", "AUTH0_DOMAIN"]))
        #expect(!bench.broker.blobHas(anyOf: ["X"]))
        bench.store.fail("*", UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException"))
        bench.sleeper.advance(by: .seconds(5))
        _ = try await bench.secret("secrets", refresh: true)
        #expect(bench.broker.usableUntil() == start + .seconds(2 + 300), "a refusal takes what is past the TTL")
        bench.broker.clear()
        #expect(bench.broker.usableUntil() == nil)
    }

    @Test func `With a TTL of nothing every answer is the store's, and none is stale`() async throws {
        let bench = SecretBench { $0.freshTTL = .zero }
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        for _ in 0..<3 {
            let served = try await bench.secret("A")
            #expect(!served.isStale)
            #expect(served.tier == .parameterStore)
        }
        bench.store.fail("*", down)
        #expect(try await bench.secret("A").isStale)
    }
}
