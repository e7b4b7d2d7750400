import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite struct KeptSecretTests {
    /// Secret `old` in Secrets Manager alone, `A` in both stores, `F` in the blob of Parameter Store.
    private func bench(_ backend: SecretBackend? = .secretsManager) -> SecretBench {
        let bench = SecretBench(backend: backend)
        bench.other.put("app/dev/old", "of the old store", version: "id-1")
        bench.other.put("app/dev/A", "a", version: "id-1")
        bench.store.put("/app/dev/A", "a")
        bench.store.put("/app/dev/secrets", #"{"F":"field"}"#)
        return bench
    }

    private func cutOver(_ bench: SecretBench, keeping names: [String]) {
        let kept = bench.broker.keys(ofSecrets: names)
        bench.broker.follow(SecretPlaces(backend: .parameterStore, kept: kept))
    }

    private func source(_ bench: SecretBench, _ key: String) async throws -> Tier {
        try await bench.secret(key).entry.source
    }

    @Test func `A kept secret is read from the old store, and everything else from the new one`() async throws {
        let bench = bench()
        cutOver(bench, keeping: ["app/dev/old"])
        #expect(try await source(bench, "old") == .secretsManager)
        #expect(try await source(bench, "A") == .parameterStore)
        #expect(try await bench.text("F") == "field")
        #expect(!bench.store.calls.values.contains("/app/dev/old"))
    }

    @Test func `A kept secret in memory is served through cut-over and rollback`() async throws {
        let bench = bench()
        _ = try await bench.secret("old")
        cutOver(bench, keeping: ["app/dev/old"])
        _ = try await bench.secret("A")
        let asked = bench.other.calls.count
        #expect(try bench.isCached("old"))
        bench.broker.follow(.secretsManager)
        #expect(try bench.isCached("old"))
        #expect(bench.other.calls.count == asked)
    }

    @Test func `A kept blob is looked into for fields, and other secrets come from the new store`() async throws {
        let bench = bench()
        bench.other.put("app/dev/secrets", #"{"F":"of the old blob"}"#)
        cutOver(bench, keeping: ["app/dev/secrets"])
        #expect(try await bench.text("F") == "of the old blob")
        #expect(try await source(bench, "F") == .secretsManager)
        #expect(try await source(bench, "A") == .parameterStore)
        #expect(!bench.store.calls.values.contains("/app/dev/secrets"))
    }

    @Test func `A field of the blob comes before a kept secret of its name, as before the cut-over`() async throws {
        let bench = bench()
        bench.other.put("app/dev/F", "an item")
        cutOver(bench, keeping: ["app/dev/F"])
        #expect(try await bench.text("F") == "field")
    }

    @Test func `Names of other applications and names that are none keep nothing`() {
        let bench = bench()
        let keys = bench.broker.keys(
            ofSecrets: [
                "placeholder", "app/devil/x", "app/dev", "app/dev/", "app/dev/latchkey/x", "/app/dev/y", "app/dev/z",
            ])
        #expect(keys.map(\.name) == ["z"])
    }

    @Test func `What is kept is not read ahead in the new store`() async throws {
        let bench = bench()
        for key in ["old", "A"] { _ = try await bench.secret(key) }
        let places = SecretPlaces(backend: .parameterStore, kept: bench.broker.keys(ofSecrets: ["app/dev/old"]))
        await bench.broker.warm(places, deadline: bench.deadline)
        #expect(Set(bench.store.calls.values) == ["/app/dev/A", "/app/dev/secrets"])
    }

    @Test func `Callers wait until it is known which secrets are kept`() async throws {
        let bench = bench(.parameterStore)
        bench.broker.awaitKept()
        let answers = Inbox<Result<SecretBroker.Served, UpstreamFault>>()
        bench.broker.secret(try bench.query("old"), deadline: bench.deadline) { answers.put($0) }
        #expect(answers.count == 0)
        cutOver(bench, keeping: ["app/dev/old"])
        let served = try #require(await answers.first(1).first).get()
        #expect(served.entry.source == .secretsManager)
        #expect(bench.store.calls.values == ["/app/dev/secrets"])
    }

    @Test func `While the list cannot be read the new store serves, and an absence there is no answer`() async throws {
        let bench = bench(.parameterStore)
        bench.broker.awaitKept()
        bench.broker.keptIsUnread("could not be read [timed_out]")
        #expect(try await bench.text("A") == "a")
        for _ in 0..<2 {
            let fault = await #expect(throws: UpstreamFault.self) { try await bench.secret("old") }
            #expect(fault?.reason == .notReady)
            #expect(fault?.subject == "/app/dev/latchkey/backend could not be read [timed_out]")
            #expect(try !bench.isCached("old"))
        }
        cutOver(bench, keeping: ["app/dev/old"])
        #expect(try await bench.text("old") == "of the old store")
    }
}
