import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite("Secrets that are refreshed ahead") struct SecretRefreshAheadTests {
    let fixture = SecretFixture()

    @Test func `A value in use is refreshed near the end of its TTL, and no caller waits for it`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await fixture.secret("A")
        fixture.sleeper.advance(by: .seconds(254))
        #expect(try fixture.isCached("A"))
        #expect(fixture.store.calls.count == 1)
        fixture.store.put("/app/dev/secrets", #"{"A":"2"}"#, version: "2")
        fixture.sleeper.advance(by: .seconds(2))
        // The hit that starts the refresh is answered with the cached value.
        guard case .success(let cached) = try fixture.broker.cached(fixture.query("A"), now: fixture.now) else {
            Issue.record("not in memory")
            return
        }
        #expect(cached.entry.value.revealText() == "1")
        #expect(!cached.isStale)
        await fixture.store.calls.first(2)
        fixture.sleeper.advance(by: .seconds(200))
        while try !fixture.isCached("A") { await Task.yield() }
        #expect(try await fixture.text("A") == "2")
        #expect(fixture.store.calls.count == 2)
    }

    @Test func `The absence of the blob is refreshed ahead too`() async throws {
        fixture.store.put("/app/dev/A", "1")
        _ = try await fixture.secret("A")
        fixture.sleeper.advance(by: .seconds(52))
        #expect(try fixture.isCached("A"))
        await fixture.store.calls.first(3)
        #expect(fixture.store.calls.values.last == "/app/dev/secrets")
        fixture.sleeper.advance(by: .seconds(20))
        while try !fixture.isCached("A") { await Task.yield() }
    }

    @Test func `A value that nobody requests is not refreshed`() async throws {
        fixture.store.put("/app/dev/A", "1")
        _ = try await fixture.secret("A")
        fixture.sleeper.advance(by: .seconds(299))
        fixture.sleeper.advance(by: .seconds(2))
        #expect(try !fixture.isCached("A"))
        #expect(fixture.store.calls.count == 2)
    }

    @Test func `A failed refresh ahead is retried after a backoff and not by every hit`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await fixture.secret("A")
        fixture.store.fail("*", UpstreamFault(.throttled, upstream: .parameterStore))
        fixture.sleeper.advance(by: .seconds(256))
        _ = try fixture.isCached("A")
        await fixture.log.until(1) { $0.contains("a tier failed") }
        for _ in 0..<100 { #expect(try fixture.isCached("A")) }
        #expect(fixture.store.calls.count == 2)
        fixture.sleeper.advance(by: .seconds(5))
        #expect(try fixture.isCached("A"))
        await fixture.store.calls.first(3)
    }

    @Test func `After a refusal during a refresh ahead, the value is served until its TTL and not longer`() async throws
    {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await fixture.secret("A")
        fixture.store.fail("*", UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException"))
        fixture.sleeper.advance(by: .seconds(299))
        #expect(try fixture.isCached("A"))
        await fixture.log.until(1) { $0.contains("a tier failed") }
        fixture.sleeper.advance(by: .seconds(1))
        let fault = await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") }
        #expect(fault?.reason == .denied)
    }

    @Test(arguments: [UpstreamFault.Reason.denied, .refused])
    func `After a refusal during a refresh ahead, an outage does not extend the value`(refusal: UpstreamFault.Reason)
        async throws
    {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await fixture.secret("A")
        fixture.store.fail("*", UpstreamFault(refusal, upstream: .parameterStore, code: "AccessDeniedException"))
        fixture.sleeper.advance(by: .seconds(290))
        #expect(try fixture.isCached("A"))
        await fixture.log.until(1) { $0.contains("a tier failed") }
        fixture.store.fail("*", UpstreamFault(.throttled, upstream: .parameterStore))
        fixture.sleeper.advance(by: .seconds(9))
        #expect(try fixture.isCached("A"))
        await fixture.log.until(2) { $0.contains("a tier failed") }
        fixture.sleeper.advance(by: .seconds(2))
        #expect(try !fixture.isCached("A"))
        await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") }
    }

    @Test func `The blob is parsed once per version`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        let first = try await fixture.secret("A").entry
        fixture.sleeper.advance(by: .seconds(301))
        let second = try await fixture.secret("A")
        #expect(second.entry === first)
        #expect(second.received.monotonic == fixture.now.monotonic)
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#, version: "2")
        fixture.sleeper.advance(by: .seconds(301))
        #expect(try await fixture.secret("A").entry !== first)
    }
}
