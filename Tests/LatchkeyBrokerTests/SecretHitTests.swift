import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@testable import LatchkeyBroker

/// Secrets that are found by the bytes of their key, without a lookup.
@Suite struct SecretHitTests {
    let fixture = SecretFixture()

    private func hit(_ key: String) -> SecretHit? {
        Array(key.utf8).withUnsafeBytes { fixture.broker.hit($0, now: fixture.now) }
    }

    private func value(_ key: String) -> String? { hit(key)?.entry.value.revealText() }

    @Test func `A secret is a hit after a lookup in memory, by its exact key`() async throws {
        fixture.store.put("/app/dev/db/password", "one", version: "3")
        _ = try await fixture.secret("db/password")
        #expect(hit("db/password") == nil)
        #expect(try fixture.isCached("db/password"))
        #expect(value("db/password") == "one")
        #expect(hit("db/password")?.entry.version == "3")
        for other in ["db/passwor", "db/passwords", "DB/password", "db%2Fpassword", ""] { #expect(hit(other) == nil) }
    }

    @Test func `A field of the blob is a hit until the blob changes`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"1","B":"2"}"#)
        _ = try await fixture.secret("A")
        #expect(try fixture.isCached("A") && fixture.isCached("B"))
        #expect(value("A") == "1")
        #expect(value("B") == "2")
        fixture.store.put("/app/dev/secrets", #"{"A":"3"}"#, version: "2")
        _ = try await fixture.secret("A", refresh: true)
        #expect(hit("A") == nil)
        #expect(hit("B") == nil)
        #expect(try fixture.isCached("A"))
        #expect(value("A") == "3")
    }

    @Test func `A hit ends when the secret is due, and is never stale`() async throws {
        // A blob that is not there would be looked for again after a minute.
        fixture.store.put("/app/dev/secrets", "{}")
        fixture.store.put("/app/dev/solo", "one")
        _ = try await fixture.secret("solo")
        for _ in 0..<42 {
            #expect(try fixture.isCached("solo"))
            fixture.clock.advance(by: .seconds(7))
            guard let found = hit("solo") else { continue }
            #expect(fixture.now.monotonic < found.received + .seconds(270))
        }
    }

    @Test func `Nothing is a hit after a clear, a refusal or another backend`() async throws {
        fixture.store.put("/app/dev/solo", "one")
        func read() async throws {
            _ = try await fixture.secret("solo")
            #expect(try fixture.isCached("solo"))
            #expect(value("solo") == "one")
        }
        try await read()
        fixture.broker.clear()
        #expect(hit("solo") == nil)
        try await read()
        fixture.broker.follow(.secretsManager)
        #expect(hit("solo") == nil)
        fixture.broker.follow(.parameterStore)
        try await read()
        fixture.clock.advance(by: .seconds(3))
        fixture.store.fail("/app/dev/solo", UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDenied"))
        _ = try? await fixture.secret("solo", refresh: true)
        #expect(hit("solo") == nil)
    }

    @Test func `What makes room for another secret is no hit`() async throws {
        let fixture = SecretFixture { $0.maximumEntries = 2 }
        for name in ["a", "b", "c"] { fixture.store.put("/app/dev/\(name)", name) }
        for name in ["a", "b", "c"] {
            _ = try await fixture.secret(name)
            #expect(try fixture.isCached(name))
        }
        let first = Array("a".utf8).withUnsafeBytes { fixture.broker.hit($0, now: fixture.now) }
        #expect(first == nil)
    }

    @Test(arguments: 0..<8) func `A hit is what the whole lookup finds`(seed: Int) async throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let names = ["A", "B", "solo", "db/password", "gone"]
        for name in ["solo", "db/password", "A"] { fixture.store.put("/app/dev/\(name)", "\(name)-0") }
        for step in 1...300 {
            let name = names.randomElement(using: &random) ?? "A"
            switch Int.random(in: 0..<10, using: &random) {
            case 0: fixture.store.put("/app/dev/\(name)", "\(name)-\(step)", version: "\(step)")
            case 1: fixture.store.put("/app/dev/secrets", #"{"A":"\#(step)"}"#, version: "\(step)")
            case 2: fixture.store.remove("/app/dev/secrets")
            case 3: fixture.store.fail("*", UpstreamFault(.unavailable, upstream: .parameterStore))
            case 4: fixture.store.fail("*", nil)
            case 5: fixture.clock.advance(by: .seconds(Int.random(in: 1...90, using: &random)))
            case 6: _ = try? await fixture.secret(name, refresh: true)
            case 7 where step % 7 == 0: fixture.broker.clear()
            default: _ = try? await fixture.secret(name)
            }
            for name in names {
                let found = hit(name)
                let whole = fixture.broker.cached(try fixture.query(name), now: fixture.now)
                guard let found else { continue }
                let served = try #require(try? whole?.get(), "\(step): \(name)")
                #expect(served.entry === found.entry && !served.isStale)
                #expect(served.received.monotonic == found.received)
            }
        }
    }
}
