import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite struct KeptSecretTests {
    /// Secret `old` is in Secrets Manager only, `A` in both stores, `F` in the blob of Parameter Store.
    private func fixture(_ backend: SecretBackend? = .secretsManager) -> SecretFixture {
        let fixture = SecretFixture(backend: backend)
        fixture.other.put("app/dev/old", "of the old store", version: "id-1")
        fixture.other.put("app/dev/A", "a", version: "id-1")
        fixture.store.put("/app/dev/A", "a")
        fixture.store.put("/app/dev/secrets", #"{"F":"field"}"#)
        return fixture
    }

    private func cutOver(_ fixture: SecretFixture, keeping names: [String]) {
        let kept = fixture.broker.keys(ofSecrets: names)
        fixture.broker.follow(SecretRouting(backend: .parameterStore, kept: kept))
    }

    private func source(_ fixture: SecretFixture, _ key: String) async throws -> Tier {
        try await fixture.secret(key).entry.source
    }

    @Test func `A kept secret is read from the old store and everything else from the new one`() async throws {
        let fixture = fixture()
        cutOver(fixture, keeping: ["app/dev/old"])
        #expect(try await source(fixture, "old") == .secretsManager)
        #expect(try await source(fixture, "A") == .parameterStore)
        #expect(try await fixture.text("F") == "field")
        #expect(!fixture.store.calls.values.contains("/app/dev/old"))
    }

    @Test func `A cached kept secret is served during cut-over and rollback`() async throws {
        let fixture = fixture()
        _ = try await fixture.secret("old")
        cutOver(fixture, keeping: ["app/dev/old"])
        _ = try await fixture.secret("A")
        let calls = fixture.other.calls.count
        #expect(try fixture.isCached("old"))
        fixture.broker.follow(.secretsManager)
        #expect(try fixture.isCached("old"))
        #expect(fixture.other.calls.count == calls)
    }

    @Test func `The fields of a kept blob come from the old store, and other secrets from the new one`() async throws {
        let fixture = fixture()
        fixture.other.put("app/dev/secrets", #"{"F":"of the old blob"}"#)
        cutOver(fixture, keeping: ["app/dev/secrets"])
        #expect(try await fixture.text("F") == "of the old blob")
        #expect(try await source(fixture, "F") == .secretsManager)
        #expect(try await source(fixture, "A") == .parameterStore)
        #expect(!fixture.store.calls.values.contains("/app/dev/secrets"))
    }

    @Test func `A field of the blob has priority over a kept secret of the same name`() async throws {
        let fixture = fixture()
        fixture.other.put("app/dev/F", "an item")
        cutOver(fixture, keeping: ["app/dev/F"])
        #expect(try await fixture.text("F") == "field")
    }

    @Test func `Names of other applications and invalid names keep nothing`() {
        let fixture = fixture()
        let keys = fixture.broker.keys(
            ofSecrets: [
                "placeholder", "app/devil/x", "app/dev", "app/dev/", "app/dev/latchkey/x", "/app/dev/y", "app/dev/z",
            ])
        #expect(keys.map(\.name) == ["z"])
    }

    @Test func `Kept secrets are not warmed from the new store`() async throws {
        let fixture = fixture()
        for key in ["old", "A"] { _ = try await fixture.secret(key) }
        let places = SecretRouting(backend: .parameterStore, kept: fixture.broker.keys(ofSecrets: ["app/dev/old"]))
        await fixture.broker.warm(places, deadline: fixture.deadline)
        #expect(Set(fixture.store.calls.values) == ["/app/dev/A", "/app/dev/secrets"])
    }

    @Test func `Callers wait until the list of kept secrets is known`() async throws {
        let fixture = fixture(.parameterStore)
        fixture.broker.awaitKeptList()
        let answers = Inbox<Result<ServedSecret, UpstreamFault>>()
        fixture.broker.secret(try fixture.query("old"), deadline: fixture.deadline) { answers.put($0) }
        #expect(answers.count == 0)
        cutOver(fixture, keeping: ["app/dev/old"])
        let served = try #require(await answers.first(1).first).get()
        #expect(served.entry.source == .secretsManager)
        #expect(fixture.store.calls.values == ["/app/dev/secrets"])
    }

    @Test
    func `While the list cannot be read, the new store serves, and a secret that it lacks is not reported as absent`()
        async throws
    {
        let fixture = fixture(.parameterStore)
        fixture.broker.awaitKeptList()
        fixture.broker.keptListIsUnreadable("could not be read [timed_out]")
        #expect(try await fixture.text("A") == "a")
        for _ in 0..<2 {
            let fault = await #expect(throws: UpstreamFault.self) { try await fixture.secret("old") }
            #expect(fault?.reason == .notReady)
            #expect(fault?.subject == "/app/dev/latchkey/backend could not be read [timed_out]")
            #expect(try !fixture.isCached("old"))
        }
        cutOver(fixture, keeping: ["app/dev/old"])
        #expect(try await fixture.text("old") == "of the old store")
    }
}
