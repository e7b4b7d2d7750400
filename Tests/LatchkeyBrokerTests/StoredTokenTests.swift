import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite("Pairs in the shared tier") struct StoredTokenTests {
    let fixture = TokenFixture()

    @Test(arguments: [
        ("placeholder", "0"), ("placeholder", "9999999999999"), ("", "1700003600000"), ("abc", ""), ("abc", "soon"),
        ("abc", "1700003600.5"), ("abc", "-1"), ("abc", "99999999999999999999"), ("abc", "999999999999999"),
        ("a\u{0}bc", "1700003600000"), ("abc\n", "1700003600000"), ("{\"v\":2}\t", "1700003600000"),
    ])
    func `A placeholder or a corrupt pair is a miss and is overwritten`(token: String, expires: String) async throws {
        fixture.shared.then(.success(StoredToken(token: Secret(token), expires: expires)))
        fixture.issuer.then(.success(fixture.grant()))
        #expect(try await fixture.token().tier == .auth0)
        #expect(await fixture.written.first(1)[0].token == fixture.jwt())
        let miss = #"latchkey_tier_requests_total{resource="token",tier="parameter_store",outcome="miss"}"#
        #expect(fixture.metric(miss) == 1)
    }

    @Test func `An old token beside a new expiry is not served beyond its own exp`() async throws {
        let old = fixture.jwt("old", issued: fixture.now.wall + .seconds(-7200))
        fixture.shared.then(.success(fixture.stored(old)))
        fixture.issuer.then(.success(fixture.grant("new")))
        let served = try await fixture.token()
        #expect(served.tier == .auth0)
        #expect(served.entry.token.value == fixture.jwt("new"))
    }

    @Test func `A valid old token beside a new expiry is served until its own exp`() async throws {
        let old = fixture.jwt("old", issued: fixture.now.wall + .seconds(-3000))
        fixture.shared.then(.success(fixture.stored(old)))
        let served = try await fixture.token()
        #expect(served.tier == .parameterStore)
        #expect(served.entry.token.expiresIn(fixture.now) == 600)
        fixture.sleeper.advance(by: .seconds(600))
        #expect(fixture.cached() == nil)
    }

    @Test func `A new token beside an old expiry is replaced`() async throws {
        fixture.shared.then(.success(fixture.stored(fixture.jwt("new"), expiresIn: .seconds(-3600))))
        fixture.issuer.then(.success(fixture.grant("newer")))
        #expect(try await fixture.token().tier == .auth0)
        #expect(await fixture.written.first(1)[0].token == fixture.jwt("newer"))
    }

    @Test(arguments: ["", "1", "1690000000000"])
    func `A new token beside an old or missing expiry is served until its own exp if it was written under the lease`(
        expires: String
    ) {
        let pair = StoredToken(token: fixture.jwt("new"), expires: expires)
        let lease = Lease(holder: "other", until: fixture.now.wall, after: 4)
        func judged(version: Int64, lease: Lease?) -> AccessToken? {
            let snapshot = SharedTokenSnapshot(pair: pair, version: version, lease: lease, leaseVersion: 2)
            guard
                case .usable(let token) = snapshot.validity(
                    from: .parameterStore, now: fixture.now, buffer: .standard)
            else { return nil }
            return token
        }
        let token = judged(version: 5, lease: lease)
        #expect(token?.expiresIn(fixture.now) == 3600)
        #expect(token?.useBy.wall == fixture.now.wall + .seconds(3300))
        #expect(judged(version: 4, lease: lease) == nil, "the lease is for the token after it")
        #expect(judged(version: 5, lease: nil) == nil)
    }

    @Test func `An opaque token beside an expiry that was written long after it is corrupt`() {
        let now = fixture.now
        func isUsable(after gap: Duration) -> Bool {
            let written = now.wall + .seconds(-600)
            let pair = StoredToken(
                token: Secret("opaque"), expires: String((now.wall + .seconds(3000)).milliseconds),
                tokenWritten: written, expiresWritten: written + gap)
            if case .usable = pair.validity(from: .parameterStore, now: now, buffer: .standard) { return true }
            return false
        }
        #expect(isUsable(after: .seconds(149)), "one writer's, by half its buffer")
        #expect(!isUsable(after: .seconds(151)), "another's, written over the first one's time")
    }

    @Test(arguments: [-3600, 0, 3600])
    func `A wall clock that is set between issuance and write does not change the stored expiry`(seconds: Int) throws {
        let token = try AccessToken(
            fixture.opaque("opaque"), from: .auth0, now: fixture.now, buffer: .standard)
        let expiry = fixture.now.wall + .seconds(3300)
        let pair = StoredToken(token)
        fixture.sleeper.advance(by: .seconds(5))
        let store = fixture.now.wall
        fixture.clock.jumpWall(by: .seconds(seconds))
        // The store's clock was right all the time. Its answer arrives after the wall clock was set.
        let local = fixture.now.wall
        let clock = ClockBounds(date: store, sent: local, received: local)
        let stored = try #require(Int64(pair.dated(by: clock, fixture.now).expires))
        #expect(abs(stored - expiry.milliseconds) <= 1000)
    }

    @Test func `An opaque token is served until the stored expiry`() async throws {
        fixture.shared.then(.success(fixture.stored(Secret("opaque"), expiresIn: .seconds(50))))
        #expect(try await fixture.token().entry.token.expiresIn(fixture.now) == 50)
    }

    @Test func `Another replica's newer token replaces an issuance`() async throws {
        fixture.shared.then(.success(fixture.stored(fixture.jwt("a"))))
        _ = try await fixture.token()
        fixture.sleeper.advance(by: .seconds(3400))
        fixture.shared.then(.success(fixture.stored(fixture.jwt("b"))))
        let served = try await fixture.token(TokenDemand(refresh: true))
        #expect(served.tier == .parameterStore)
        #expect(served.entry.token.value == fixture.jwt("b"))
        #expect(fixture.issuer.calls.count == 0)
    }
}
