import LatchkeyBroker
import LatchkeyCore
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite("A blob that is no JSON object") struct BadBlobTests {
    let bench = SecretBench()

    private var status: TierStatus { bench.health.status(.parameterStore) }

    private func write(_ blob: String, version: String) {
        bench.store.put("/app/dev/secrets", blob, version: version)
        bench.sleeper.advance(by: .seconds(301))
    }

    @Test func `Its store is well all the time, and a warm broker serves`() async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        bench.store.put("/app/dev/B", "2")
        _ = try await (bench.secret("A"), bench.secret("B"))
        write(#"{"A":"1",}"#, version: "2")
        for _ in 0..<20 {
            #expect(try await bench.text("A") == "1")
            #expect(try await bench.text("B") == "2")
            #expect(status.state == .ok && status.secretsState == .ok && !status.isWell)
            #expect(status.blobErrorCode == "secrets_not_json_at_byte_9")
            #expect(status.lastErrorCode == "secrets_not_json_at_byte_9")
            bench.sleeper.advance(by: .seconds(5))
        }
        #expect(bench.log.lines(.warning).count == 1)
        #expect(bench.log.lines(.warning)[0].contains("secrets_not_json_at_byte_9"))
        #expect(bench.log.lines(.warning)[0].contains("/app/dev/secrets"))
        #expect(bench.log.lines(.notice).isEmpty)
    }

    @Test func `Where it is wrong elsewhere that is said, and that it is mended`() async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await bench.secret("A")
        for (version, blob) in ["[]", "{", "{"].enumerated() {
            write(blob, version: "bad \(version)")
            #expect(try await bench.text("A", refresh: true) == "1")
        }
        #expect(bench.log.lines(.warning).count == 2)
        write(#"{"A":"3"}"#, version: "good")
        #expect(try await bench.text("A", refresh: true) == "3")
        #expect(status.isWell && status.secretsState == .ok)
        #expect(bench.log.lines(.notice).count == 1)
    }

    @Test func `One that is taken away is a fault no more`() async throws {
        bench.store.put("/app/dev/secrets", "{")
        await #expect(throws: UpstreamFault.self) { try await bench.secret("A") }
        bench.store.remove("/app/dev/secrets")
        bench.store.put("/app/dev/A", "parameter")
        bench.sleeper.advance(by: .seconds(5))
        #expect(try await bench.text("A") == "parameter")
        #expect(status.blobErrorCode == nil && status.isWell)
    }

    @Test func `A broker that never had another one serves nothing, nor does one past its stale time`() async throws {
        bench.store.put("/app/dev/secrets", "{")
        await #expect(throws: UpstreamFault.self) { try await bench.secret("A") }
        #expect(status.state == .ok && status.secretsState == .failing)
        write(#"{"A":"1"}"#, version: "2")
        _ = try await bench.secret("A")
        #expect(status.secretsState == .ok)
        write("{", version: "3")
        #expect(try await bench.secret("A").isStale)
        #expect(status.secretsState == .ok)
        bench.sleeper.advance(by: .seconds(3600))
        await #expect(throws: UpstreamFault.self) { try await bench.secret("A") }
        #expect(status.secretsState == .failing)
    }

    @Test func `An old version of it that cannot be read says nothing of its store`() async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#, version: "2")
        bench.store.put("/app/dev/secrets:1", "{", version: "1")
        await #expect(throws: UpstreamFault.self) {
            try await bench.broker.secret(bench.query("A", version: "1"), deadline: bench.deadline)
        }
        #expect(status.isWell && status.secretsState == .ok)
    }
}
