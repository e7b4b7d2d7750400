import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@testable import LatchkeyBroker

/// What outlives the process: two brokers, of which the second one starts with what the first one has written.
@Suite(.timeLimit(.minutes(20))) struct WarmSnapshotTests {
    private let first = SecretFixture()
    private let second = SecretFixture()
    private let down = UpstreamFault(.unavailable, upstream: .parameterStore, code: "InternalServerError")

    private func snapshot(tokens: [WarmToken] = []) throws -> WarmSnapshot {
        let (secrets, withoutBlob) = first.broker.warmSecrets()
        let written = WarmSnapshot(
            written: first.now.wall, routing: first.broker.routing, secrets: secrets, withoutBlob: withoutBlob,
            tokens: tokens)
        return try #require(WarmSnapshot(written.bytes(), now: second.now))
    }

    @discardableResult
    private func restore(maxAge: Duration = .seconds(3600)) throws -> Int {
        let snapshot = try snapshot()
        return second.broker.restore(snapshot.secrets, withoutBlob: snapshot.withoutBlob, maxAge: maxAge)
    }

    private func fill() async throws {
        first.store.put("/app/dev/secrets", #"{"A":"1","B":"ü\"2"}"#, version: "7")
        first.store.put("/app/dev/db/password", "three")
        for key in ["A", "B", "db/password"] { _ = try await first.secret(key) }
    }

    private func cached(_ key: String) throws -> ServedSecret? {
        try second.broker.cached(second.query(key), now: second.now)?.get()
    }

    @Test func `While the store fails, everything is served at once and marked as stale`() async throws {
        try await fill()
        second.store.fail("*", down)
        #expect(try restore() == 2)
        for (key, value) in [("A", "1"), ("B", "ü\"2"), ("db/password", "three")] {
            let served = try #require(try cached(key))
            #expect(served.isStale && served.entry.value.revealText() == value)
        }
        #expect(try cached("A")?.entry.version == "7" && cached("A")?.received.wall == first.now.wall)
    }

    @Test func `A value is read again at its first use, and the store's answer replaces it`() async throws {
        try await fill()
        try restore()
        second.store.put("/app/dev/secrets", #"{"A":"new"}"#, version: "8")
        second.store.put("/app/dev/db/password", "new")
        #expect(try cached("A")?.isStale == true)
        await settle { (try? cached("A")?.isStale) == false }
        #expect(try cached("A")?.entry.value.revealText() == "new")
        // The store answers, so another value of the file is no longer served before the store was asked.
        #expect(try cached("db/password") == nil)
        #expect(try await second.text("db/password") == "new")
    }

    @Test func `A store that has answered before is asked first, and the file helps if it fails then`() async throws {
        try await fill()
        second.store.put("/app/dev/other", "1")
        _ = try await second.secret("other")
        try restore()
        #expect(try cached("db/password") == nil)
        second.store.fail("*", down)
        let served = try await second.secret("db/password")
        #expect(served.isStale && served.entry.value.revealText() == "three")
    }

    @Test func `What the store has refused since the start is not taken from the file`() async throws {
        try await fill()
        second.store.put("/app/dev/secrets", "{}")
        second.store.fail("/app/dev/db/password", UpstreamFault(.denied, upstream: .parameterStore))
        await #expect(throws: UpstreamFault.self) { try await second.secret("db/password") }
        try restore()
        second.store.fail("*", down)
        await #expect(throws: UpstreamFault.self) { try await second.secret("db/password") }
    }

    @Test func `A value of the file ends with the first refusal of its store`() async throws {
        try await fill()
        try restore()
        second.store.fail("*", UpstreamFault(.denied, upstream: .parameterStore))
        #expect(try cached("db/password")?.isStale == true)
        await settle { (try? cached("db/password")) == nil }
        await #expect(throws: UpstreamFault.self) { try await second.secret("db/password") }
    }

    @Test func `A value ends when the first process would have ended it, and at the greatest age`() async throws {
        try await fill()
        first.sleeper.advance(by: .seconds(3599))
        second.sleeper.advance(by: .seconds(3599))
        #expect(try restore() == 2)
        second.sleeper.advance(by: .seconds(1))
        #expect(try cached("A") == nil && cached("db/password") == nil)
        let later = SecretFixture()
        later.sleeper.advance(by: .seconds(3899))
        let snapshot = try snapshot()
        #expect(later.broker.restore(snapshot.secrets, withoutBlob: [:], maxAge: .seconds(86_400)) == 2)
        later.sleeper.advance(by: .seconds(1))
        #expect(try !later.isCached("db/password"))
        let early = SecretFixture()
        early.clock.jumpWall(by: .seconds(-1))
        #expect(early.broker.restore(snapshot.secrets, withoutBlob: [:], maxAge: .seconds(86_400)) == 0)
    }

    @Test func `What was cleared, denied or deleted is in no later snapshot`() async throws {
        let commits = Inbox<Int>()
        let broker = first.broker
        broker.onRevocation { [weak broker] in
            if let broker { commits.put(broker.warmSecrets().secrets.count) }
        }
        try await fill()
        first.sleeper.advance(by: .seconds(301))
        first.store.remove("/app/dev/db/password")
        await #expect(throws: UpstreamFault.self) { try await first.secret("db/password") }
        // It is written before the caller has its answer.
        #expect(commits.values == [1])
        first.sleeper.advance(by: .seconds(301))
        first.store.fail("*", UpstreamFault(.denied, upstream: .parameterStore))
        await #expect(throws: UpstreamFault.self) { try await first.secret("A") }
        #expect(commits.values == [1, 0])
        first.store.fail("*", nil)
        _ = try await first.secret("A", refresh: true)
        let version = broker.warmVersion
        broker.clear()
        #expect(try snapshot().secrets.isEmpty && broker.warmVersion != version)
        // An outage takes nothing away.
        first.store.fail("*", down)
        await #expect(throws: UpstreamFault.self) { try await first.secret("A") }
        #expect(commits.count == 2)
    }

    @Test func `The routing and its kept secrets are in the snapshot`() async throws {
        let kept = SecretRouting(backend: .parameterStore, kept: [try #require(SecretKey("legacy/a"))])
        first.broker.follow(kept)
        #expect(try snapshot().routing == kept)
        first.broker.follow(SecretRouting(backend: .shadow))
        #expect(try snapshot().routing == SecretRouting(backend: .shadow))
    }

    @Test func `A token is served until it expires, marked as stale, and refreshed at once`() async throws {
        let (old, new) = (TokenFixture(), TokenFixture())
        old.issuer.then(.success(old.opaque("opaque-token")))
        _ = try await old.token()
        let restored = try snapshot(tokens: old.broker.warmTokens()).tokens
        #expect(new.broker.restore(restored) == 1)
        new.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0)))
        let served = try #require(new.broker.cached(new.profile, now: new.now))
        #expect(served.isStale && !served.isRejected && served.entry.token.scope == "read")
        #expect(served.entry.token.expiresIn(new.now) == 3600)
        await settle { new.issuer.calls.count > 0 }
        new.sleeper.advance(by: .seconds(3599))
        #expect(new.cached() != nil)
        new.sleeper.advance(by: .seconds(1))
        #expect(new.cached() == nil)
    }

    @Test func `A rejected token is not in the snapshot, and its rejection is`() async throws {
        let (old, new) = (TokenFixture(), TokenFixture())
        old.issuer.then(.success(old.opaque("opaque-token")))
        let token = try await old.token().entry.token.value
        let before = try snapshot(tokens: old.broker.warmTokens()).tokens
        old.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0)))
        let version = old.broker.warmVersion
        #expect(old.reject(token) && old.broker.warmVersion != version)
        let after = try snapshot(tokens: old.broker.warmTokens()).tokens
        #expect(after.count == 1 && after[0].token == nil && after[0].rejected.count == 1)
        #expect(new.broker.restore(after) == 0 && new.broker.restore(before) == 0)
        #expect(new.cached() == nil)
    }

    @Test func `A token of another definition or of an unknown profile is left out`() throws {
        let fixture = TokenFixture()
        func warm(_ profile: String, _ definition: String?) throws -> WarmToken {
            let json: JSON = [
                "profile": .string(profile), "definition": definition.map { .string($0) } ?? .null,
                "token": .string(Base64.encode("text".utf8)), "source": "auth0", "rejected": [],
                "expiry": .integer((fixture.now.wall + .seconds(60)).milliseconds),
                "received": .integer(fixture.now.wall.milliseconds),
            ]
            return try #require(WarmToken(try JSONDocument(json.bytes(), limits: .document).root, now: fixture.now))
        }
        #expect(try fixture.broker.restore([warm("default", "other"), warm("unknown", nil)]) == 0)
        #expect(try fixture.broker.restore([warm("default", nil)]) == 1)
    }

    @Test func `Beyond its limit a snapshot leaves out the secrets that were used longest ago`() throws {
        let value = Secret(Array(repeating: UInt8(ascii: "v"), count: 1 << 20))
        let secrets = try (0..<16).map { number in
            WarmSecret(
                key: try #require(SecretKey("s\(number)")), store: .parameterStore,
                fetched: FetchedSecret(value: value, version: "1"), received: first.now.wall, staleFor: .seconds(60),
                isUsed: true)
        }
        let text = WarmSnapshot(
            written: first.now.wall, routing: nil, secrets: secrets, withoutBlob: [:], tokens: []
        ).bytes()
        let read = try #require(WarmSnapshot(text, now: second.now))
        #expect(text.count <= WarmSnapshot.maxBytes && read.secrets.count == 11)
        #expect(read.secrets.map(\.key) == secrets.prefix(11).map(\.key))
    }

    @Test func `A text that is no snapshot is refused`() throws {
        for text in ["", "{}", "[]", #"{"format":2,"written":1,"secrets":[],"tokens":[]}"#] {
            #expect(WarmSnapshot(Array(text.utf8), now: second.now) == nil)
        }
    }
}
