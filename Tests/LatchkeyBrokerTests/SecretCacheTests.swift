import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite("Caching of secrets") struct SecretCacheTests {
    let fixture = SecretFixture()

    @Test func `A value is fresh for its TTL and read again after it`() async throws {
        fixture.store.put("/app/dev/A", "1")
        _ = try await fixture.secret("A")
        fixture.sleeper.advance(by: .seconds(59))
        #expect(try fixture.isCached("A"))
        fixture.sleeper.advance(by: .seconds(241))
        #expect(try !fixture.isCached("A"))
        fixture.store.put("/app/dev/A", "2", version: "2")
        #expect(try await fixture.text("A") == "2")
    }

    @Test func `500 callers of one cold key cost one read of the blob and one of the parameter`() async throws {
        fixture.store.put("/app/dev/A", "1")
        let gate = Gate()
        fixture.store.stop(at: gate)
        let answers = Inbox<Result<ServedSecret, UpstreamFault>>()
        let query = try fixture.query("A")
        for _ in 0..<500 { fixture.broker.secret(query, deadline: fixture.deadline) { answers.put($0) } }
        gate.open()
        let numbers = try await answers.first(500).map { ObjectIdentifier(try $0.get().entry) }
        #expect(Set(numbers).count == 1)
        #expect(fixture.store.calls.count == 2)
    }

    @Test func `A known absence is served for its TTL`() async throws {
        for _ in 0..<3 {
            let fault = await #expect(throws: UpstreamFault.self) { try await fixture.secret("nope") }
            #expect(fault?.reason == .notFound)
            #expect(fault?.subject == "/app/dev/nope")
        }
        #expect(fixture.store.calls.count == 2)
        guard case .failure = try fixture.broker.cached(fixture.query("nope"), now: fixture.now) else {
            Issue.record("the absence is not known")
            return
        }
        fixture.sleeper.advance(by: .seconds(60))
        fixture.store.put("/app/dev/nope", "here now")
        #expect(try await fixture.text("nope") == "here now")
    }

    @Test func `20,000 unknown keys occupy at most 10,000 absences`() async throws {
        for number in 0..<20_000 {
            await #expect(throws: UpstreamFault.self) { try await fixture.secret("unknown-\(number)") }
        }
        #expect(fixture.size.absences == 10_000)
        #expect(fixture.size.entries == 0)
    }

    @Test func `Entries and bytes are limited, and the least recently used entry is removed first`() async throws {
        let fixture = SecretFixture { configuration in
            configuration.maximumEntries = 3
            configuration.maximumBytes = 3000
        }
        for key in ["a", "b", "c", "d"] { fixture.store.put("/app/dev/\(key)", key) }
        for key in ["a", "b", "c"] { _ = try await fixture.secret(key) }
        #expect(try fixture.isCached("a"))
        _ = try await fixture.secret("d")
        #expect(fixture.size.entries == 3)
        #expect(try fixture.isCached("a"))
        #expect(try !fixture.isCached("b"))
        fixture.store.put("/app/dev/big", String(repeating: "x", count: 2500))
        _ = try await fixture.secret("big")
        #expect(fixture.size.bytes <= 3000)
        #expect(try fixture.isCached("big"))
        #expect(fixture.size.entries == 2)
        fixture.store.put("/app/dev/huge", String(repeating: "x", count: 5000))
        #expect(try await fixture.text("huge")?.count == 5000)
        #expect(try !fixture.isCached("huge"))
    }

    @Test func `A clear removes values and absences`() async throws {
        fixture.store.put("/app/dev/A", "1")
        _ = try await fixture.secret("A")
        fixture.broker.clear()
        #expect(fixture.size == (0, 0, 0))
        _ = try await fixture.secret("A")
        #expect(fixture.store.calls.count == 4)
    }

    @Test func `The tag changes with the value, is not a plain digest of it and differs between processes`()
        async throws
    {
        fixture.store.put("/app/dev/A", "1")
        let first = try await fixture.secret("A").entry
        fixture.store.put("/app/dev/A", "2")
        fixture.broker.clear()
        let second = try await fixture.secret("A").entry
        #expect(first.etag != second.etag)
        #expect(first.etag.hasPrefix("\"") && first.etag.utf8.count == 34)
        #expect(!SHA256.hash("1").hex.contains(first.etag.dropFirst().dropLast()))
        let other = SecretFixture()
        other.store.put("/app/dev/A", "1")
        #expect(try await other.secret("A").entry.etag != first.etag)
    }

    @Test func `A forced refresh bypasses memory, once in 2 s`() async throws {
        fixture.store.put("/app/dev/A", "1")
        _ = try await fixture.secret("A")
        fixture.store.put("/app/dev/A", "2", version: "2")
        #expect(try await fixture.text("A") == "1")
        #expect(try await fixture.text("A", refresh: true) == "2")
        let calls = fixture.store.calls.count
        let floored = try await fixture.secret("A", refresh: true)
        #expect(floored.tier == .memory && floored.refreshError?.summary == "refresh_floor")
        #expect(fixture.store.calls.count == calls)
        fixture.sleeper.advance(by: .seconds(2))
        #expect(try await fixture.secret("A", refresh: true).tier == .parameterStore)
    }

    @Test func `A failed forced refresh leaves the cache alone and is reported`() async throws {
        fixture.store.put("/app/dev/A", "1")
        _ = try await fixture.secret("A")
        fixture.store.fail("/app/dev/A", UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDenied"))
        for _ in 0..<2 {
            let served = try await fixture.secret("A", refresh: true)
            #expect(served.entry.value.revealText() == "1")
            #expect(served.refreshError?.code == "AccessDenied")
            #expect(!served.isStale)
        }
        #expect(try fixture.isCached("A"))
    }
}
