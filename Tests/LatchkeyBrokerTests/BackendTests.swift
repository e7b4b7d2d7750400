import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite struct `Secret broker, two stores` {
    /// Both stores with the same secret.
    private func bench(_ backend: SecretBackend?) -> SecretBench {
        let bench = SecretBench(backend: backend)
        bench.store.put("/app/dev/A", "same", version: "3")
        bench.other.put("app/dev/A", "same", version: "id-1")
        return bench
    }

    private func compared(_ bench: SecretBench, _ result: String) -> Int {
        bench.metric(#"latchkey_shadow_comparisons_total{result="\#(result)"}"#)
    }

    /// A caller's answer, once there is one. The caller waits when this returns.
    private func ask(_ bench: SecretBench) throws -> Inbox<Result<SecretBroker.Served, UpstreamFault>> {
        let answers = Inbox<Result<SecretBroker.Served, UpstreamFault>>()
        bench.broker.secret(try bench.query("A"), deadline: bench.deadline) { answers.put($0) }
        return answers
    }

    private func fault(_ result: Result<SecretBroker.Served, UpstreamFault>?) -> UpstreamFault? {
        guard case .failure(let fault) = result else { return nil }
        return fault
    }

    @Test func `Callers wait until it is known which store is in force, and nobody is asked before`() async throws {
        let bench = bench(nil)
        let answers = try ask(bench)
        #expect(answers.count == 0)
        #expect(bench.store.calls.count + bench.other.calls.count == 0)
        bench.broker.follow(.parameterStore)
        let served = try #require(await answers.first(1).first).get()
        #expect(served.entry.value.revealText() == "same")
        #expect(served.entry.source == .parameterStore)
    }

    @Test func `A caller whose deadline comes before it is known is told what has not been read`() async throws {
        let bench = bench(nil)
        let answers = try ask(bench)
        bench.sleeper.advance(by: .seconds(10))
        let fault = fault(await answers.first(1).first)
        #expect(fault?.reason == .notReady)
        #expect(fault?.code == "backend_unknown")
        #expect(fault?.retryAfter == .seconds(1))
        #expect(fault?.subject == "/app/dev/latchkey/backend has not been read yet")
        #expect(bench.store.calls.count + bench.other.calls.count == 0)
    }

    @Test func `Where somebody must act first, callers are told at once why it is not known`() async throws {
        let bench = bench(nil)
        let waiting = try ask(bench)
        bench.broker.backendIsUnknown("could not be read [AccessDeniedException]", isFinal: true)
        let next = try ask(bench)
        for answers in [waiting, next] {
            let fault = fault(await answers.first(1).first)
            #expect(fault?.subject == "/app/dev/latchkey/backend could not be read [AccessDeniedException]")
        }
        bench.broker.follow(.secretsManager)
        #expect(try await bench.text("A") == "same")
    }

    @Test func `A cut-over changes the store of the next answer, and its rollback changes it back`() async throws {
        let bench = bench(.secretsManager)
        #expect(try await bench.secret("A").entry.source == .secretsManager)
        bench.broker.follow(.parameterStore)
        #expect(try await bench.secret("A").entry.source == .parameterStore)
        bench.broker.follow(.secretsManager)
        let back = try await bench.secret("A")
        #expect(back.entry.source == .secretsManager)
        #expect(back.tier == .memory)
    }

    @Test func `What is in use is at hand in the new store before it is in force`() async throws {
        let bench = bench(.secretsManager)
        _ = try await bench.secret("A")
        await bench.broker.warm(SecretPlaces(backend: .parameterStore), deadline: bench.deadline)
        bench.broker.follow(.parameterStore)
        let asked = bench.store.calls.count
        #expect(try bench.isCached("A"))
        #expect(bench.store.calls.count == asked)
    }

    @Test func `Of more than can be read ahead the most recently used come first`() async throws {
        let bench = bench(.secretsManager)
        for number in 0..<300 { bench.other.put("app/dev/K\(number)", "v") }
        for number in 0..<300 { _ = try await bench.secret("K\(number)") }
        await bench.broker.warm(SecretPlaces(backend: .parameterStore), deadline: bench.deadline)
        let asked = Set(bench.store.calls.values)
        #expect(asked == Set((100..<300).map { "/app/dev/K\($0)" } + ["/app/dev/secrets"]))
    }

    @Test func `An item of a store can be asked for whatever is in force, past the blob`() async throws {
        let bench = bench(.secretsManager)
        bench.store.put("/app/dev/secrets", #"{"A":"of the blob"}"#)
        let key = try bench.query("A").key
        let item = try await bench.broker.item(SecretQuery(key, store: .parameterStore), deadline: bench.deadline)
        #expect(item.entry.value.revealText() == "same")
        #expect(item.entry.version == "3")
        #expect(item.entry.source == .parameterStore)
    }

    @Test func `Shadow serves the old store and counts what the new one has`() async throws {
        let bench = bench(.shadow)
        bench.store.put("/app/dev/B", "changed")
        bench.other.put("app/dev/B", "b")
        bench.other.put("app/dev/C", "c")
        for key in ["A", "B", "C"] { #expect(try await bench.secret(key).entry.source == .secretsManager) }
        await bench.log.until(2) { $0.contains("the stores differ") }
        while compared(bench, "match") < 1 { await Task.yield() }
        #expect(compared(bench, "mismatch") == 2)
        let lines = bench.log.lines(.warning)
        #expect(lines.contains { $0.contains("app/dev/B") && $0.contains("the values differ") })
        #expect(lines.contains { $0.contains("app/dev/C") && $0.contains("no such parameter") })
        #expect(!lines.contains { $0.contains("changed") })
    }

    @Test func `A value is compared once in a TTL, and at once when it has changed`() async throws {
        let bench = bench(.shadow)
        _ = try await bench.secret("A")
        while compared(bench, "match") < 1 { await Task.yield() }
        bench.sleeper.advance(by: .seconds(3))
        _ = try await bench.secret("A", refresh: true)
        bench.other.put("app/dev/A", "newer", version: "id-2")
        bench.sleeper.advance(by: .seconds(3))
        _ = try await bench.secret("A", refresh: true)
        while compared(bench, "mismatch") < 1 { await Task.yield() }
        #expect(compared(bench, "match") == 1)
    }

    @Test func `A shadow store that fails takes nothing from callers`() async throws {
        let bench = bench(.shadow)
        bench.store.fail("*", UpstreamFault(.unavailable, upstream: .parameterStore))
        #expect(try await bench.text("A") == "same")
        while compared(bench, "error") < 1 { await Task.yield() }
    }
}

@Suite struct `Secret broker, refresh ahead` {
    let bench = SecretBench()

    @Test func `A value in use is fetched anew near the end of its TTL, and nobody waits for it`() async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await bench.secret("A")
        bench.sleeper.advance(by: .seconds(254))
        #expect(try bench.isCached("A"))
        #expect(bench.store.calls.count == 1)
        bench.store.put("/app/dev/secrets", #"{"A":"2"}"#, version: "2")
        bench.sleeper.advance(by: .seconds(2))
        // The hit that finds it due is answered with what there is.
        guard case .found(let entry, _, let isStale) = try bench.broker.cached(bench.query("A"), now: bench.now) else {
            Issue.record("not in memory")
            return
        }
        #expect(entry.value.revealText() == "1")
        #expect(!isStale)
        await bench.store.calls.first(2)
        bench.sleeper.advance(by: .seconds(200))
        while try !bench.isCached("A") { await Task.yield() }
        #expect(try await bench.text("A") == "2")
        #expect(bench.store.calls.count == 2)
    }

    @Test func `That there is no blob is looked up anew ahead of time too`() async throws {
        bench.store.put("/app/dev/A", "1")
        _ = try await bench.secret("A")
        bench.sleeper.advance(by: .seconds(52))
        #expect(try bench.isCached("A"))
        await bench.store.calls.first(3)
        #expect(bench.store.calls.values.last == "/app/dev/secrets")
        bench.sleeper.advance(by: .seconds(20))
        while try !bench.isCached("A") { await Task.yield() }
    }

    @Test func `A value that nobody asks for is let go`() async throws {
        bench.store.put("/app/dev/A", "1")
        _ = try await bench.secret("A")
        bench.sleeper.advance(by: .seconds(299))
        bench.sleeper.advance(by: .seconds(2))
        #expect(try !bench.isCached("A"))
        #expect(bench.store.calls.count == 2)
    }

    @Test func `A refresh ahead that fails is tried again after a pause, and not by every hit`() async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await bench.secret("A")
        bench.store.fail("*", UpstreamFault(.throttled, upstream: .parameterStore))
        bench.sleeper.advance(by: .seconds(256))
        _ = try bench.isCached("A")
        await bench.log.until(1) { $0.contains("a tier failed") }
        for _ in 0..<100 { #expect(try bench.isCached("A")) }
        #expect(bench.store.calls.count == 2)
        bench.sleeper.advance(by: .seconds(5))
        #expect(try bench.isCached("A"))
        await bench.store.calls.first(3)
    }

    @Test func `A refusal met ahead of time ends the value at its time and not later`() async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await bench.secret("A")
        bench.store.fail("*", UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException"))
        bench.sleeper.advance(by: .seconds(299))
        #expect(try bench.isCached("A"))
        await bench.log.until(1) { $0.contains("a tier failed") }
        bench.sleeper.advance(by: .seconds(1))
        let fault = await #expect(throws: UpstreamFault.self) { try await bench.secret("A") }
        #expect(fault?.reason == .denied)
    }

    @Test(arguments: [UpstreamFault.Reason.denied, .refused])
    func `After a refusal met ahead of time an outage brings nothing back`(refusal: UpstreamFault.Reason) async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await bench.secret("A")
        bench.store.fail("*", UpstreamFault(refusal, upstream: .parameterStore, code: "AccessDeniedException"))
        bench.sleeper.advance(by: .seconds(290))
        #expect(try bench.isCached("A"))
        await bench.log.until(1) { $0.contains("a tier failed") }
        bench.store.fail("*", UpstreamFault(.throttled, upstream: .parameterStore))
        bench.sleeper.advance(by: .seconds(9))
        #expect(try bench.isCached("A"))
        await bench.log.until(2) { $0.contains("a tier failed") }
        bench.sleeper.advance(by: .seconds(2))
        #expect(try !bench.isCached("A"))
        await #expect(throws: UpstreamFault.self) { try await bench.secret("A") }
    }

    @Test func `The blob is parsed once a version`() async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        let first = try await bench.secret("A").entry
        bench.sleeper.advance(by: .seconds(301))
        let second = try await bench.secret("A")
        #expect(second.entry === first)
        #expect(second.received.monotonic == bench.now.monotonic)
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#, version: "2")
        bench.sleeper.advance(by: .seconds(301))
        #expect(try await bench.secret("A").entry !== first)
    }
}
