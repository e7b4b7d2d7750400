import LatchkeyBroker
import LatchkeyCore
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite("A blob that is not a JSON object") struct BadBlobTests {
    let fixture = SecretFixture()

    private var status: TierStatus { fixture.health.status(.parameterStore) }

    private func write(_ blob: String, version: String) {
        fixture.store.put("/app/dev/secrets", blob, version: version)
        fixture.sleeper.advance(by: .seconds(301))
    }

    @Test func `Its store stays healthy, and a broker with a cached blob serves it`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        fixture.store.put("/app/dev/B", "2")
        _ = try await (fixture.secret("A"), fixture.secret("B"))
        write(#"{"A":"1",}"#, version: "2")
        for _ in 0..<20 {
            #expect(try await fixture.text("A") == "1")
            #expect(try await fixture.text("B") == "2")
            #expect(status.state == .ok && status.secretsState == .ok && !status.isHealthy)
            #expect(status.blobErrorCode == "secrets_not_json_at_byte_9")
            #expect(status.lastErrorCode == "secrets_not_json_at_byte_9")
            fixture.sleeper.advance(by: .seconds(5))
        }
        #expect(fixture.log.lines(.warning).count == 1)
        #expect(fixture.log.lines(.warning)[0].contains("secrets_not_json_at_byte_9"))
        #expect(fixture.log.lines(.warning)[0].contains("/app/dev/secrets"))
        #expect(fixture.log.lines(.notice).isEmpty)
    }

    @Test func `A different error in the blob is logged, and so is its repair`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await fixture.secret("A")
        for (version, blob) in ["[]", "{", "{"].enumerated() {
            write(blob, version: "bad \(version)")
            #expect(try await fixture.text("A", refresh: true) == "1")
        }
        #expect(fixture.log.lines(.warning).count == 2)
        write(#"{"A":"3"}"#, version: "good")
        #expect(try await fixture.text("A", refresh: true) == "3")
        #expect(status.isHealthy && status.secretsState == .ok)
        #expect(fixture.log.lines(.notice).count == 1)
    }

    @Test func `A blob that is removed is no longer an error`() async throws {
        fixture.store.put("/app/dev/secrets", "{")
        await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") }
        fixture.store.remove("/app/dev/secrets")
        fixture.store.put("/app/dev/A", "parameter")
        fixture.sleeper.advance(by: .seconds(5))
        #expect(try await fixture.text("A") == "parameter")
        #expect(status.blobErrorCode == nil && status.isHealthy)
    }

    @Test func `Without an earlier valid blob, or beyond the stale TTL, nothing is served`() async throws {
        fixture.store.put("/app/dev/secrets", "{")
        await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") }
        #expect(status.state == .ok && status.secretsState == .failing)
        write(#"{"A":"1"}"#, version: "2")
        _ = try await fixture.secret("A")
        #expect(status.secretsState == .ok)
        write("{", version: "3")
        #expect(try await fixture.secret("A").isStale)
        #expect(status.secretsState == .ok)
        fixture.sleeper.advance(by: .seconds(3600))
        await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") }
        #expect(status.secretsState == .failing)
    }

    @Test func `An old version of the blob that is invalid does not affect its store`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#, version: "2")
        fixture.store.put("/app/dev/secrets:1", "{", version: "1")
        await #expect(throws: UpstreamFault.self) {
            try await fixture.broker.secret(fixture.query("A", version: "1"), deadline: fixture.deadline)
        }
        #expect(status.isHealthy && status.secretsState == .ok)
    }
}
