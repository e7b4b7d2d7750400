import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite struct `Token broker, expiry` {
    let bench = TokenBench()

    @Test(arguments: [(3600, 300), (60, 12), (86400, 300), (1500, 300), (1000, 200)])
    func `The buffer is 300 s and never over a fifth of the lifetime`(lifetime: Int, buffer: Int) {
        #expect(ExpiryBuffer().length(lifetime: .seconds(lifetime)) == .seconds(buffer))
    }

    @Test func `Inside the buffer the old token is served and one refresh runs behind`() async throws {
        bench.issuer.then(.success(bench.grant("a")))
        let old = try await bench.token()
        bench.sleeper.advance(by: .seconds(3376))
        let gate = Gate()
        bench.issuer.then(.success(bench.grant("b")), gate: gate)
        for _ in 0..<100 { #expect(bench.cached()?.version == old.entry.version) }
        await bench.issuer.calls.first(2)
        #expect(bench.cached()?.isStale(bench.now) == true)
        gate.open()
        await bench.written.first(2)
        #expect(bench.cached()?.token.value == bench.jwt("b"))
        #expect(bench.issuer.calls.count == 2)
        let refreshed =
            #"latchkey_token_refreshes_total{profile="default",reason="ahead",outcome="success"}"#
        #expect(bench.metric(refreshed) == 1)
    }

    @Test func `With the issuer down the old token serves to its expiry and not a moment longer`() async throws {
        bench.shared.then(.failure(UpstreamFault(.unavailable, upstream: .parameterStore)))
        bench.issuer.then(.success(bench.grant()))
        _ = try await bench.token()
        bench.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0, code: "503")))
        bench.sleeper.advance(by: .seconds(3375))
        #expect(bench.cached() != nil)
        await bench.issuer.calls.first(2)
        bench.sleeper.advance(by: .seconds(224))
        #expect(bench.cached()?.token.expiresIn(bench.now) == 1)
        bench.sleeper.advance(by: .seconds(1))
        #expect(bench.cached() == nil)
        await #expect(throws: UpstreamFault.self) { try await bench.token() }
    }

    @Test func `A failed refresh waits longer each time before it is tried again`() async throws {
        bench.issuer.then(.success(bench.grant()))
        _ = try await bench.token()
        bench.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0)))
        bench.sleeper.advance(by: .seconds(3375))
        for _ in 0..<200 {
            #expect(bench.cached() != nil)
            await settle { !bench.broker.snapshot().contains(where: \.isRefreshing) }
            bench.sleeper.advance(by: .seconds(1))
        }
        // 1 + 2 + 4 + 8 + 16 + 30 + 30 + … seconds: at most eleven tries in 200 s.
        #expect((6...12).contains(bench.issuer.calls.count))
    }

    @Test func `A wall clock set back an hour does not lengthen a token's life`() async throws {
        bench.issuer.then(.success(bench.opaque("abc")))
        _ = try await bench.token()
        bench.clock.jumpWall(by: .seconds(-3600))
        #expect(bench.cached()?.token.expiresIn(bench.now) == 3600)
        bench.sleeper.advance(by: .seconds(3599))
        #expect(bench.cached() != nil)
        bench.sleeper.advance(by: .seconds(1))
        #expect(bench.cached() == nil)
    }

    @Test func `A wall clock set forward past the expiry ends a token`() async throws {
        bench.issuer.then(.success(bench.grant("a")), .success(bench.grant("b")))
        _ = try await bench.token()
        bench.clock.jumpWall(by: .seconds(7200))
        #expect(bench.cached() == nil)
    }

    @Test(arguments: [-7200, 7200])
    func `A clock that is wrong by hours starts no storm of refreshes`(skew: Int) async throws {
        bench.clock.jumpWall(by: .seconds(skew))
        let issued = bench.now.wall + .seconds(-skew)
        let value = bench.jwt(issued: issued)
        bench.issuer.then(
            .success(IssuedGrant(value: value, tokenType: "bearer", expiresIn: .seconds(3600), scope: nil)))
        #expect(try await bench.token().entry.token.expiresIn(bench.now) == 3600)
        for _ in 0..<100 { #expect(try await bench.token().tier == .memory) }
        #expect(bench.issuer.calls.count == 1)
    }

    @Test(arguments: [(0, 3600), (1, 3599), (5, 3595), (6, 3600), (-1, 3600)])
    func `A token's exp ends it to the second where this machine's clock agrees with its issuer's`(
        behind: Int, lives: Int64
    ) async throws {
        let token = bench.jwt(issued: bench.now.wall + .seconds(-behind))
        bench.issuer.then(
            .success(IssuedGrant(value: token, tokenType: "Bearer", expiresIn: .seconds(3600), scope: nil)))
        #expect(try await bench.token().entry.token.expiresIn(bench.now) == lives)
    }

    @Test func `A token's own claims shorten what expires_in says`() async throws {
        let value = bench.jwt(lifetime: .seconds(600))
        bench.issuer.then(
            .success(IssuedGrant(value: value, tokenType: "Bearer", expiresIn: .seconds(86400), scope: nil)))
        #expect(try await bench.token().entry.token.expiresIn(bench.now) == 600)
    }

    @Test func `Without expires_in the claims count, and without claims 300 s`() async throws {
        let claimed = IssuedGrant(value: bench.jwt(), tokenType: "Bearer", expiresIn: nil, scope: nil)
        bench.issuer.then(.success(claimed), .success(bench.opaque("abc", expiresIn: nil)))
        #expect(try await bench.token().entry.token.expiresIn(bench.now) == 3600)
        let second = try await bench.broker.token(ProfileID(1), deadline: bench.deadline)
        #expect(second.entry.token.expiresIn(bench.now) == 300)
    }

    @Test func `An absurd expires_in is cut to 30 days`() async throws {
        bench.issuer.then(.success(bench.opaque("abc", expiresIn: .seconds(Int64.max))))
        #expect(try await bench.token().entry.token.expiresIn(bench.now) == 2_592_000)
    }

    @Test(arguments: [
        ("", "Bearer", 3600), ("a\r\nb", "Bearer", 3600), ("a b", "Bearer", 3600), ("abc", "MAC", 3600),
        ("abc", "Bearer", 0), ("abc", "Bearer", -1), (String(repeating: "x", count: 16_385), "Bearer", 3600),
    ])
    func `A grant that cannot be used is refused and not kept`(value: String, type: String, seconds: Int) async throws {
        bench.issuer.then(
            .success(
                IssuedGrant(value: Secret(value), tokenType: type, expiresIn: .seconds(seconds), scope: nil)))
        let fault = await #expect(throws: UpstreamFault.self) { try await bench.token() }
        #expect(fault?.reason == .invalid)
        #expect(fault?.upstream == .auth0)
        #expect(bench.cached() == nil)
        #expect(bench.written.count == 0)
    }
}

@Suite struct `Token broker, shared pairs` {
    let bench = TokenBench()

    @Test(arguments: [
        ("placeholder", "0"), ("placeholder", "9999999999999"), ("", "1700003600000"), ("abc", ""), ("abc", "soon"),
        ("abc", "1700003600.5"), ("abc", "-1"), ("abc", "99999999999999999999"), ("abc", "999999999999999"),
        ("a\u{0}bc", "1700003600000"), ("abc\n", "1700003600000"), ("{\"v\":2}\t", "1700003600000"),
    ])
    func `A placeholder or a corrupt pair is a miss, and overwritten`(token: String, expires: String) async throws {
        bench.shared.then(.success(StoredToken(token: Secret(token), expires: expires)))
        bench.issuer.then(.success(bench.grant()))
        #expect(try await bench.token().tier == .auth0)
        #expect(await bench.written.first(1)[0].token == bench.jwt())
        let miss = #"latchkey_tier_requests_total{resource="token",tier="parameter_store",outcome="miss"}"#
        #expect(bench.metric(miss) == 1)
    }

    @Test func `An old token beside a new time is not served past its own exp`() async throws {
        let old = bench.jwt("old", issued: bench.now.wall + .seconds(-7200))
        bench.shared.then(.success(bench.stored(old)))
        bench.issuer.then(.success(bench.grant("new")))
        let served = try await bench.token()
        #expect(served.tier == .auth0)
        #expect(served.entry.token.value == bench.jwt("new"))
    }

    @Test func `An old token with some life left beside a new time is held to its own exp`() async throws {
        let old = bench.jwt("old", issued: bench.now.wall + .seconds(-3000))
        bench.shared.then(.success(bench.stored(old)))
        let served = try await bench.token()
        #expect(served.tier == .parameterStore)
        #expect(served.entry.token.expiresIn(bench.now) == 600)
        bench.sleeper.advance(by: .seconds(600))
        #expect(bench.cached() == nil)
    }

    @Test func `A new token beside an old time is fetched anew and mended`() async throws {
        bench.shared.then(.success(bench.stored(bench.jwt("new"), expiresIn: .seconds(-3600))))
        bench.issuer.then(.success(bench.grant("newer")))
        #expect(try await bench.token().tier == .auth0)
        #expect(await bench.written.first(1)[0].token == bench.jwt("newer"))
    }

    @Test(arguments: ["", "1", "1690000000000"])
    func `A new token beside an old time or none is taken at its own exp where it was written under the lease`(
        expires: String
    ) {
        let pair = StoredToken(token: bench.jwt("new"), expires: expires)
        let lease = Lease(holder: "other", until: bench.now.wall, after: 4)
        func judged(version: Int64, lease: Lease?) -> AccessToken? {
            let view = SharedTokenSnapshot(pair: pair, version: version, lease: lease, leaseVersion: 2)
            guard case .usable(let token) = view.judged(from: .parameterStore, now: bench.now, buffer: ExpiryBuffer())
            else { return nil }
            return token
        }
        let token = judged(version: 5, lease: lease)
        #expect(token?.expiresIn(bench.now) == 3600)
        #expect(token?.useBy.wall == bench.now.wall + .seconds(3300))
        #expect(judged(version: 4, lease: lease) == nil, "the lease is for the token after it")
        #expect(judged(version: 5, lease: nil) == nil)
    }

    @Test func `An opaque token beside an expiry that was written long after it is not believed`() {
        let now = bench.now
        func isUsable(after gap: Duration) -> Bool {
            let written = now.wall + .seconds(-600)
            let pair = StoredToken(
                token: Secret("opaque"), expires: String((now.wall + .seconds(3000)).milliseconds),
                tokenWritten: written, expiresWritten: written + gap)
            if case .usable = pair.judged(from: .parameterStore, now: now, buffer: ExpiryBuffer()) { return true }
            return false
        }
        #expect(isUsable(after: .seconds(149)), "one writer's, by half its buffer")
        #expect(!isUsable(after: .seconds(151)), "another's, written over the first one's time")
    }

    @Test func `An opaque token is held to the stored time`() async throws {
        bench.shared.then(.success(bench.stored(Secret("opaque"), expiresIn: .seconds(50))))
        #expect(try await bench.token().entry.token.expiresIn(bench.now) == 50)
    }

    @Test func `A sibling's newer token is taken in place of an issuance`() async throws {
        bench.shared.then(.success(bench.stored(bench.jwt("a"))))
        _ = try await bench.token()
        bench.sleeper.advance(by: .seconds(3400))
        bench.shared.then(.success(bench.stored(bench.jwt("b"))))
        let served = try await bench.token(TokenAsk(refresh: true))
        #expect(served.tier == .parameterStore)
        #expect(served.entry.token.value == bench.jwt("b"))
        #expect(bench.issuer.calls.count == 0)
    }
}
