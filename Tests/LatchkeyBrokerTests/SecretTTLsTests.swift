import LatchkeyBroker
import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite struct SecretTTLsTests {
    @Test func `A store's own TTLs apply to its values and absences only`() async throws {
        let fixture = SecretFixture {
            $0.ttls[.parameterStore] = SecretTTLs(fresh: .seconds(2), negative: .seconds(1))
        }
        fixture.store.put("/app/dev/db", "pw")
        fixture.other.put("app/dev/db", "pw")
        #expect(try await fixture.text("db") == "pw")
        let read = SecretQuery(try fixture.query("db").key, store: .secretsManager)
        _ = try await fixture.broker.item(read, deadline: fixture.deadline)
        #expect(try fixture.isCached("db"))
        fixture.sleeper.advance(by: .milliseconds(1500))
        #expect(try !fixture.isCached("db"), "the blob's absence is believed for 1 s")
        #expect(
            fixture.broker.cachedItem(try fixture.query("db"), now: fixture.now) != nil, "the value is fresh for 2 s")
        fixture.sleeper.advance(by: .seconds(1))
        #expect(fixture.broker.cachedItem(try fixture.query("db"), now: fixture.now) == nil)
        #expect(fixture.broker.cachedItem(read, now: fixture.now) != nil)
    }
}
