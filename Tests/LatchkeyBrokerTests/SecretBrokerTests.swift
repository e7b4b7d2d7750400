import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite("Where a key is found") struct SecretBrokerTests {
    let fixture = SecretFixture()

    @Test func `A field of the blob wins over a parameter of the same name`() async throws {
        fixture.store.put(
            "/app/dev/secrets", #"{"API_KEY":"from-blob","PORT":8080,"NESTED":{"b":[1,2]}}"#, version: "7")
        fixture.store.put("/app/dev/API_KEY", "from-parameter")
        let served = try await fixture.secret("API_KEY")
        #expect(served.entry.value.revealText() == "from-blob")
        #expect(served.entry.version == "7")
        #expect(served.tier == .parameterStore)
        #expect(try await fixture.text("PORT") == "8080")
        #expect(try await fixture.text("NESTED") == #"{"b":[1,2]}"#)
        #expect(fixture.store.calls.values == ["/app/dev/secrets"])
    }

    @Test func `A key that the blob lacks is a parameter, which may have slashes`() async throws {
        fixture.store.put("/app/dev/secrets", "{}")
        fixture.store.put("/app/dev/db/password", "hunter2")
        #expect(try await fixture.text("db/password") == "hunter2")
        #expect(try fixture.isCached("db/password"))
        #expect(try await fixture.secret("db/password").tier == .memory)
        #expect(fixture.store.calls.values == ["/app/dev/secrets", "/app/dev/db/password"])
    }

    @Test func `Without a blob, the parameters are served`() async throws {
        fixture.store.put("/app/dev/mongodb-uri", "mongodb://")
        #expect(try await fixture.text("mongodb-uri") == "mongodb://")
        #expect(try await fixture.text("mongodb-uri") == "mongodb://")
        #expect(fixture.store.calls.count == 2)
    }

    @Test func `Secrets Manager ids have no leading slash`() async throws {
        let fixture = SecretFixture(backend: .secretsManager)
        fixture.other.put("app/dev/secrets", #"{"A":"1"}"#, version: "id-1")
        fixture.other.put("app/dev/B", "2")
        #expect(try await fixture.secret("A").tier == .secretsManager)
        #expect(try await fixture.text("B") == "2")
    }

    @Test func `The blob itself can be requested`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        #expect(try await fixture.text("secrets") == #"{"A":"1"}"#)
        #expect(try await fixture.text("A") == "1")
        #expect(fixture.store.calls.count == 1)
    }

    @Test(arguments: [
        ("not json", "secrets_not_json_at_byte_1"), ("[1]", "secrets_not_a_json_object"),
        ("", "secrets_not_json_at_byte_0"), ("\"text\"", "secrets_not_a_json_object"),
        (#"{"KEY":"value" "B"}"#, "secrets_not_json_at_byte_15"), (#"{"KEY":"value""#, "secrets_not_json_at_byte_14"),
    ])
    func `A blob that is not a JSON object is a fault with the parameter and the position, and without content`(
        blob: String, code: String
    ) async throws {
        fixture.store.put("/app/dev/secrets", blob)
        let fault = await #expect(throws: UpstreamFault.self) { try await fixture.secret("A") }
        #expect(fault?.reason == .invalid)
        #expect(fault?.subject == "/app/dev/secrets")
        #expect(fault?.code == code)
    }

    @Test func `A blob that becomes invalid leaves the last valid one in service`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"1"}"#)
        _ = try await fixture.secret("A")
        fixture.store.put("/app/dev/secrets", "{", version: "2")
        fixture.sleeper.advance(by: .seconds(301))
        let served = try await fixture.secret("A")
        #expect(served.isStale)
        #expect(served.refreshError?.reason == .invalid)
    }

    @Test func `A version or label applies to the blob if the key is its field, else to the parameter`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"A":"new"}"#, version: "2")
        fixture.store.put("/app/dev/secrets:1", #"{"A":"old"}"#, version: "1")
        fixture.store.put("/app/dev/B:live", "b")
        let field = try await fixture.broker.secret(fixture.query("A", version: "1"), deadline: fixture.deadline)
        #expect(field.entry.value.revealText() == "old")
        let parameter = try await fixture.broker.secret(fixture.query("B", label: "live"), deadline: fixture.deadline)
        #expect(parameter.entry.value.revealText() == "b")
        #expect(try await fixture.text("A") == "new")
        await #expect(throws: UpstreamFault.self) {
            try await fixture.broker.secret(fixture.query("A", version: "9"), deadline: fixture.deadline)
        }
    }

    @Test(arguments: [
        "", "/a", "a/", "a//b", "../x", "a/../b", "a/./b", "a b", "a\nb", "a%2Fb", "auth0-cache/token", "auth0-cache",
        "latchkey/backend", String(repeating: "a", count: 513),
    ])
    func `A text that cannot be the name of a secret is not a key`(text: String) { #expect(SecretKey(text) == nil) }

    @Test func `A field path finds a member of a JSON value`() async throws {
        fixture.store.put("/app/dev/db", #"{"a":{"b":"x","n":5,"list":["p","q"]}}"#)
        let entry = try await fixture.secret("db").entry
        #expect(try entry.field("a.b")?.revealText() == "x")
        #expect(try entry.field("a.n")?.revealText() == "5")
        #expect(try entry.field("a.list.1")?.revealText() == "q")
        #expect(try entry.field("a.list")?.revealText() == #"["p","q"]"#)
        #expect(try entry.field("a.c") == nil)
        #expect(try entry.field("a.list.2") == nil)
        #expect(try entry.field("") == nil)
    }

    @Test func `A value is parsed for its fields once per version, and released with it`() async throws {
        let text = #"{"a":"x","b":[1,2]}"#
        fixture.store.put("/app/dev/db", text)
        fixture.store.put("/app/dev/plain", "no JSON")
        #expect(try await fixture.secret("plain").entry.field("a") == nil)
        for _ in 0..<3 { #expect(try await fixture.secret("db").entry.field("a")?.revealText() == "x") }
        #expect(fixture.parsedBytes == text.utf8.count)
        fixture.broker.clear()
        #expect(fixture.parsedBytes == 0)
    }

    @Test func `A read may take as long as its callers wait, including the wait of the rate limiter`()
        async throws
    {
        fixture.store.put("/app/dev", "[]")
        fixture.store.put("/app/dev/A", "1")
        _ = try await fixture.broker.names(deadline: fixture.deadline)
        _ = try await fixture.text("A")
        let start = fixture.now.monotonic
        #expect(fixture.store.deadlines.values == [10, 10, 10].map { start + .seconds($0) })
    }

    @Test func `The parsed text is limited, and beyond the limit fields are still found`() async throws {
        let long = String(repeating: "x", count: 1 << 20)
        for number in 0..<6 {
            fixture.store.put("/app/dev/db\(number)", #"{"a":"\#(number)","pad":"\#(long)"}"#)
            #expect(try await fixture.secret("db\(number)").entry.field("a")?.revealText() == "\(number)")
        }
        #expect((3 << 20..<4 << 20).contains(fixture.parsedBytes))
    }
}
