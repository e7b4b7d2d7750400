import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite struct `Secret broker, where a key is found` {
    let bench = SecretBench()

    @Test func `A field of the blob wins over a parameter of the same name`() async throws {
        bench.store.put("/app/dev/secrets", #"{"API_KEY":"from-blob","PORT":8080,"NESTED":{"b":[1,2]}}"#, version: "7")
        bench.store.put("/app/dev/API_KEY", "from-parameter")
        let served = try await bench.secret("API_KEY")
        #expect(served.entry.value.revealText() == "from-blob")
        #expect(served.entry.version == "7")
        #expect(served.tier == .parameterStore)
        #expect(try await bench.text("PORT") == "8080")
        #expect(try await bench.text("NESTED") == #"{"b":[1,2]}"#)
        #expect(bench.store.calls.values == ["/app/dev/secrets"])
    }

    @Test func `A key the blob lacks is a parameter, slashes and all`() async throws {
        bench.store.put("/app/dev/secrets", "{}")
        bench.store.put("/app/dev/db/password", "hunter2")
        #expect(try await bench.text("db/password") == "hunter2")
        #expect(try bench.isCached("db/password"))
        #expect(try await bench.secret("db/password").tier == .memory)
        #expect(bench.store.calls.values == ["/app/dev/secrets", "/app/dev/db/password"])
    }

    @Test func `Without a blob the parameters serve alone`() async throws {
        bench.store.put("/app/dev/mongodb-uri", "mongodb://")
        #expect(try await bench.text("mongodb-uri") == "mongodb://")
        #expect(try await bench.text("mongodb-uri") == "mongodb://")
        #expect(bench.store.calls.count == 2)
    }

    @Test func `Secrets Manager ids have no leading slash`() async throws {
        let bench = SecretBench(backend: .secretsManager)
        bench.other.put("app/dev/secrets", #"{"A":"1"}"#, version: "id-1")
        bench.other.put("app/dev/B", "2")
        #expect(try await bench.secret("A").tier == .secretsManager)
        #expect(try await bench.text("B") == "2")
    }

    @Test func `The blob itself can be asked for`() async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        #expect(try await bench.text("secrets") == #"{"A":"1"}"#)
        #expect(try await bench.text("A") == "1")
        #expect(bench.store.calls.count == 1)
    }

    @Test(arguments: [
        ("not json", "secrets_not_json_at_byte_1"), ("[1]", "secrets_not_a_json_object"),
        ("", "secrets_not_json_at_byte_0"), ("\"text\"", "secrets_not_a_json_object"),
        (#"{"KEY":"value" "B"}"#, "secrets_not_json_at_byte_15"), (#"{"KEY":"value""#, "secrets_not_json_at_byte_14"),
    ])
    func `A blob that is no JSON object is a fault that names the parameter and the place, and shows nothing`(
        blob: String, code: String
    ) async throws {
        bench.store.put("/app/dev/secrets", blob)
        let fault = await #expect(throws: UpstreamFault.self) { try await bench.secret("A") }
        #expect(fault?.reason == .invalid)
        #expect(fault?.subject == "/app/dev/secrets")
        #expect(fault?.code == code)
    }

    @Test func `A blob that turns bad leaves the good one in service`() async throws {
        bench.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await bench.secret("A")
        bench.store.put("/app/dev/secrets", "{", version: "2")
        bench.sleeper.advance(by: .seconds(301))
        let served = try await bench.secret("A")
        #expect(served.isStale)
        #expect(served.refreshError?.reason == .invalid)
    }

    @Test func `A version or label is asked of the blob when the key is its field, else of the parameter`() async throws
    {
        bench.store.put("/app/dev/secrets", #"{"A":"new"}"#, version: "2")
        bench.store.put("/app/dev/secrets:1", #"{"A":"old"}"#, version: "1")
        bench.store.put("/app/dev/B:live", "b")
        let field = try await bench.broker.secret(bench.query("A", version: "1"), deadline: bench.deadline)
        #expect(field.entry.value.revealText() == "old")
        let parameter = try await bench.broker.secret(bench.query("B", label: "live"), deadline: bench.deadline)
        #expect(parameter.entry.value.revealText() == "b")
        #expect(try await bench.text("A") == "new")
        await #expect(throws: UpstreamFault.self) {
            try await bench.broker.secret(bench.query("A", version: "9"), deadline: bench.deadline)
        }
    }

    @Test(arguments: [
        "", "/a", "a/", "a//b", "../x", "a/../b", "a/./b", "a b", "a\nb", "a%2Fb", "auth0-cache/token", "auth0-cache",
        "latchkey/backend", String(repeating: "a", count: 513),
    ])
    func `What can name no secret is not asked for`(text: String) { #expect(SecretKey(text) == nil) }

    @Test func `A field path picks from a JSON value`() async throws {
        bench.store.put("/app/dev/db", #"{"a":{"b":"x","n":5,"list":["p","q"]}}"#)
        let entry = try await bench.secret("db").entry
        #expect(try entry.field("a.b")?.revealText() == "x")
        #expect(try entry.field("a.n")?.revealText() == "5")
        #expect(try entry.field("a.list.1")?.revealText() == "q")
        #expect(try entry.field("a.list")?.revealText() == #"["p","q"]"#)
        #expect(try entry.field("a.c") == nil)
        #expect(try entry.field("a.list.2") == nil)
        #expect(try entry.field("") == nil)
    }

    @Test func `A value is parsed for its fields once a version, and let go with it`() async throws {
        let text = #"{"a":"x","b":[1,2]}"#
        bench.store.put("/app/dev/db", text)
        bench.store.put("/app/dev/plain", "no JSON")
        #expect(try await bench.secret("plain").entry.field("a") == nil)
        for _ in 0..<3 { #expect(try await bench.secret("db").entry.field("a")?.revealText() == "x") }
        #expect(bench.broker.parsedBytes == text.utf8.count)
        bench.broker.clear()
        #expect(bench.broker.parsedBytes == 0)
    }

    @Test func `A fetch has all the time that its callers have, for its requests and for the wait for their turns`()
        async throws
    {
        bench.store.put("/app/dev", "[]")
        bench.store.put("/app/dev/A", "1")
        _ = try await bench.broker.names(deadline: bench.deadline)
        _ = try await bench.text("A")
        let start = bench.now.monotonic
        #expect(bench.store.deadlines.values == [10, 10, 10].map { start + .seconds($0) })
    }

    @Test func `What is kept parsed is bounded, and past the bound a field is found all the same`() async throws {
        let long = String(repeating: "x", count: 1 << 20)
        for number in 0..<6 {
            bench.store.put("/app/dev/db\(number)", #"{"a":"\#(number)","pad":"\#(long)"}"#)
            #expect(try await bench.secret("db\(number)").entry.field("a")?.revealText() == "\(number)")
        }
        #expect((3 << 20..<4 << 20).contains(bench.broker.parsedBytes))
    }
}

@Suite struct `Secret broker, caching` {
    let bench = SecretBench()

    @Test func `A value is fresh for its TTL and fetched again after`() async throws {
        bench.store.put("/app/dev/A", "1")
        _ = try await bench.secret("A")
        bench.sleeper.advance(by: .seconds(59))
        #expect(try bench.isCached("A"))
        bench.sleeper.advance(by: .seconds(241))
        #expect(try !bench.isCached("A"))
        bench.store.put("/app/dev/A", "2", version: "2")
        #expect(try await bench.text("A") == "2")
    }

    @Test func `500 callers of one cold key cost one fetch of the blob and one of the parameter`() async throws {
        bench.store.put("/app/dev/A", "1")
        let gate = Gate()
        bench.store.stop(at: gate)
        let answers = Inbox<Result<SecretBroker.Served, UpstreamFault>>()
        let query = try bench.query("A")
        for _ in 0..<500 { bench.broker.secret(query, deadline: bench.deadline) { answers.put($0) } }
        gate.open()
        let numbers = try await answers.first(500).map { ObjectIdentifier(try $0.get().entry) }
        #expect(Set(numbers).count == 1)
        #expect(bench.store.calls.count == 2)
    }

    @Test func `A known absence is believed for its TTL`() async throws {
        for _ in 0..<3 {
            let fault = await #expect(throws: UpstreamFault.self) { try await bench.secret("nope") }
            #expect(fault?.reason == .notFound)
            #expect(fault?.subject == "/app/dev/nope")
        }
        #expect(bench.store.calls.count == 2)
        guard case .absent = try bench.broker.cached(bench.query("nope"), now: bench.now) else {
            Issue.record("the absence is not known")
            return
        }
        bench.sleeper.advance(by: .seconds(60))
        bench.store.put("/app/dev/nope", "here now")
        #expect(try await bench.text("nope") == "here now")
    }

    @Test func `20,000 unknown keys hold no more than 10,000 absences`() async throws {
        for number in 0..<20_000 {
            await #expect(throws: UpstreamFault.self) { try await bench.secret("unknown-\(number)") }
        }
        #expect(bench.broker.size().absences == 10_000)
        #expect(bench.broker.size().entries == 0)
    }

    @Test func `Entries and bytes are bounded, the least recently used goes first`() async throws {
        let bench = SecretBench { configuration in
            configuration.maximumEntries = 3
            configuration.maximumBytes = 3000
        }
        for key in ["a", "b", "c", "d"] { bench.store.put("/app/dev/\(key)", key) }
        for key in ["a", "b", "c"] { _ = try await bench.secret(key) }
        #expect(try bench.isCached("a"))
        _ = try await bench.secret("d")
        #expect(bench.broker.size().entries == 3)
        #expect(try bench.isCached("a"))
        #expect(try !bench.isCached("b"))
        bench.store.put("/app/dev/big", String(repeating: "x", count: 2500))
        _ = try await bench.secret("big")
        #expect(bench.broker.size().bytes <= 3000)
        #expect(try bench.isCached("big"))
        #expect(bench.broker.size().entries == 2)
        bench.store.put("/app/dev/huge", String(repeating: "x", count: 5000))
        #expect(try await bench.text("huge")?.count == 5000)
        #expect(try !bench.isCached("huge"))
    }

    @Test func `Clearing forgets values and absences`() async throws {
        bench.store.put("/app/dev/A", "1")
        _ = try await bench.secret("A")
        bench.broker.clear()
        #expect(bench.broker.size() == (0, 0, 0))
        _ = try await bench.secret("A")
        #expect(bench.store.calls.count == 4)
    }

    @Test func `The tag changes with the value, is no plain digest of it and differs between processes`() async throws {
        bench.store.put("/app/dev/A", "1")
        let first = try await bench.secret("A").entry
        bench.store.put("/app/dev/A", "2")
        bench.broker.clear()
        let second = try await bench.secret("A").entry
        #expect(first.etag != second.etag)
        #expect(first.etag.hasPrefix("\"") && first.etag.utf8.count == 34)
        #expect(!SHA256.hash("1").hex.contains(first.etag.dropFirst().dropLast()))
        let other = SecretBench()
        other.store.put("/app/dev/A", "1")
        #expect(try await other.secret("A").entry.etag != first.etag)
    }

    @Test func `A forced refresh goes past memory, once in 2 s`() async throws {
        bench.store.put("/app/dev/A", "1")
        _ = try await bench.secret("A")
        bench.store.put("/app/dev/A", "2", version: "2")
        #expect(try await bench.text("A") == "1")
        #expect(try await bench.text("A", refresh: true) == "2")
        let asked = bench.store.calls.count
        let floored = try await bench.secret("A", refresh: true)
        #expect(floored.tier == .memory && floored.refreshError?.summary == "refresh_floor")
        #expect(bench.store.calls.count == asked)
        bench.sleeper.advance(by: .seconds(2))
        #expect(try await bench.secret("A", refresh: true).tier == .parameterStore)
    }

    @Test func `A failed forced refresh leaves the cache alone and is told of`() async throws {
        bench.store.put("/app/dev/A", "1")
        _ = try await bench.secret("A")
        bench.store.fail("/app/dev/A", UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDenied"))
        for _ in 0..<2 {
            let served = try await bench.secret("A", refresh: true)
            #expect(served.entry.value.revealText() == "1")
            #expect(served.refreshError?.code == "AccessDenied")
            #expect(!served.isStale)
        }
        #expect(try bench.isCached("A"))
    }
}
