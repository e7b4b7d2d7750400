import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite("Secrets from two stores") struct BackendTests {
    /// Both stores with the same secret.
    private func fixture(_ backend: SecretBackend?) -> SecretFixture {
        let fixture = SecretFixture(backend: backend)
        fixture.store.put("/app/dev/A", "same", version: "3")
        fixture.other.put("app/dev/A", "same", version: "id-1")
        return fixture
    }

    private func compared(_ fixture: SecretFixture, _ result: String) -> Int {
        fixture.metric(#"latchkey_shadow_comparisons_total{result="\#(result)"}"#)
    }

    /// Starts a request. The caller is waiting when this returns.
    private func ask(_ fixture: SecretFixture) throws -> Inbox<Result<ServedSecret, UpstreamFault>> {
        let answers = Inbox<Result<ServedSecret, UpstreamFault>>()
        fixture.broker.secret(try fixture.query("A"), deadline: fixture.deadline) { answers.put($0) }
        return answers
    }

    private func fault(_ result: Result<ServedSecret, UpstreamFault>?) -> UpstreamFault? {
        guard case .failure(let fault) = result else { return nil }
        return fault
    }

    @Test func `Callers wait until the backend is known, and no store is read before`() async throws {
        let fixture = fixture(nil)
        let answers = try ask(fixture)
        #expect(answers.count == 0)
        #expect(fixture.store.calls.count + fixture.other.calls.count == 0)
        fixture.broker.follow(.parameterStore)
        let served = try #require(await answers.first(1).first).get()
        #expect(served.entry.value.revealText() == "same")
        #expect(served.entry.source == .parameterStore)
    }

    @Test
    func `A caller that reaches its deadline before the backend is known is told which parameter has not been read`()
        async throws
    {
        let fixture = fixture(nil)
        let answers = try ask(fixture)
        fixture.sleeper.advance(by: .seconds(10))
        let fault = fault(await answers.first(1).first)
        #expect(fault?.reason == .notReady)
        #expect(fault?.code == "backend_unknown")
        #expect(fault?.retryAfter == .seconds(1))
        #expect(fault?.subject == "/app/dev/latchkey/backend has not been read yet")
        #expect(fixture.store.calls.count + fixture.other.calls.count == 0)
    }

    @Test func `If somebody has to act before the backend can be known, callers are told at once`() async throws {
        let fixture = fixture(nil)
        let waiting = try ask(fixture)
        fixture.broker.backendIsUnknown("could not be read [AccessDeniedException]", isFinal: true)
        let next = try ask(fixture)
        for answers in [waiting, next] {
            let fault = fault(await answers.first(1).first)
            #expect(fault?.subject == "/app/dev/latchkey/backend could not be read [AccessDeniedException]")
        }
        fixture.broker.follow(.secretsManager)
        #expect(try await fixture.text("A") == "same")
    }

    @Test func `A cut-over changes the store of the next answer, and a rollback changes it back`() async throws {
        let fixture = fixture(.secretsManager)
        #expect(try await fixture.secret("A").entry.source == .secretsManager)
        fixture.broker.follow(.parameterStore)
        #expect(try await fixture.secret("A").entry.source == .parameterStore)
        fixture.broker.follow(.secretsManager)
        let back = try await fixture.secret("A")
        #expect(back.entry.source == .secretsManager)
        #expect(back.tier == .memory)
    }

    @Test func `Secrets in use are cached from the new store before it is in force`() async throws {
        let fixture = fixture(.secretsManager)
        _ = try await fixture.secret("A")
        await fixture.broker.warm(SecretRouting(backend: .parameterStore), deadline: fixture.deadline)
        fixture.broker.follow(.parameterStore)
        let calls = fixture.store.calls.count
        #expect(try fixture.isCached("A"))
        #expect(fixture.store.calls.count == calls)
    }

    @Test func `If there are too many secrets to warm, the most recently used are warmed`() async throws {
        let fixture = fixture(.secretsManager)
        for number in 0..<300 { fixture.other.put("app/dev/K\(number)", "v") }
        for number in 0..<300 { _ = try await fixture.secret("K\(number)") }
        await fixture.broker.warm(SecretRouting(backend: .parameterStore), deadline: fixture.deadline)
        let calls = Set(fixture.store.calls.values)
        #expect(calls == Set((100..<300).map { "/app/dev/K\($0)" } + ["/app/dev/secrets"]))
    }

    @Test func `An item of a store can be read without the blob, whatever backend is in force`() async throws {
        let fixture = fixture(.secretsManager)
        fixture.store.put("/app/dev/secrets", #"{"A":"of the blob"}"#)
        let key = try fixture.query("A").key
        let item = try await fixture.broker.item(SecretQuery(key, store: .parameterStore), deadline: fixture.deadline)
        #expect(item.entry.value.revealText() == "same")
        #expect(item.entry.version == "3")
        #expect(item.entry.source == .parameterStore)
    }

    @Test func `The shadow backend serves the old store and counts differences to the new one`() async throws {
        let fixture = fixture(.shadow)
        fixture.store.put("/app/dev/B", "changed")
        fixture.other.put("app/dev/B", "b")
        fixture.other.put("app/dev/C", "c")
        for key in ["A", "B", "C"] { #expect(try await fixture.secret(key).entry.source == .secretsManager) }
        await fixture.log.until(2) { $0.contains("the stores differ") }
        while compared(fixture, "match") < 1 { await Task.yield() }
        #expect(compared(fixture, "mismatch") == 2)
        let lines = fixture.log.lines(.warning)
        #expect(lines.contains { $0.contains("app/dev/B") && $0.contains("the values differ") })
        #expect(lines.contains { $0.contains("app/dev/C") && $0.contains("no such parameter") })
        #expect(!lines.contains { $0.contains("changed") })
    }

    @Test func `A value is compared once per TTL, and at once if it has changed`() async throws {
        let fixture = fixture(.shadow)
        _ = try await fixture.secret("A")
        while compared(fixture, "match") < 1 { await Task.yield() }
        fixture.sleeper.advance(by: .seconds(3))
        _ = try await fixture.secret("A", refresh: true)
        fixture.other.put("app/dev/A", "newer", version: "id-2")
        fixture.sleeper.advance(by: .seconds(3))
        _ = try await fixture.secret("A", refresh: true)
        while compared(fixture, "mismatch") < 1 { await Task.yield() }
        #expect(compared(fixture, "match") == 1)
    }

    @Test func `A failing shadow store does not affect callers`() async throws {
        let fixture = fixture(.shadow)
        fixture.store.fail("*", UpstreamFault(.unavailable, upstream: .parameterStore))
        #expect(try await fixture.text("A") == "same")
        while compared(fixture, "error") < 1 { await Task.yield() }
    }
}
