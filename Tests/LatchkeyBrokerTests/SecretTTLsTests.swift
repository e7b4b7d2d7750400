import LatchkeyBroker
import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite struct SecretTTLsTests {
    @Test func `A store's own times hold for its values and absences, and for no other store's`() async throws {
        let bench = SecretBench {
            $0.ttls[.parameterStore] = SecretTTLs(fresh: .seconds(2), negative: .seconds(1))
        }
        bench.store.put("/app/dev/db", "pw")
        bench.other.put("app/dev/db", "pw")
        #expect(try await bench.text("db") == "pw")
        let read = SecretQuery(try bench.query("db").key, store: .secretsManager)
        _ = try await bench.broker.item(read, deadline: bench.deadline)
        #expect(try bench.isCached("db"))
        bench.sleeper.advance(by: .milliseconds(1500))
        #expect(try !bench.isCached("db"), "the blob's absence is believed for 1 s")
        #expect(bench.broker.cachedItem(try bench.query("db"), now: bench.now) != nil, "the value is fresh for 2 s")
        bench.sleeper.advance(by: .seconds(1))
        #expect(bench.broker.cachedItem(try bench.query("db"), now: bench.now) == nil)
        #expect(bench.broker.cachedItem(read, now: bench.now) != nil)
    }
}
