import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite("The expiry of tokens") struct TokenExpiryTests {
    let fixture = TokenFixture()

    @Test(arguments: [(3600, 300), (60, 12), (86400, 300), (1500, 300), (1000, 200)])
    func `The buffer is 300 s and at most a fifth of the lifetime`(lifetime: Int, buffer: Int) {
        #expect(ExpiryBuffer.standard.length(lifetime: .seconds(lifetime)) == .seconds(buffer))
    }

    @Test func `Inside the buffer, the old token is served while one refresh runs in the background`() async throws {
        fixture.issuer.then(.success(fixture.grant("a")))
        let old = try await fixture.token()
        fixture.sleeper.advance(by: .seconds(3376))
        let gate = Gate()
        fixture.issuer.then(.success(fixture.grant("b")), gate: gate)
        for _ in 0..<100 { #expect(fixture.cached()?.version == old.entry.version) }
        await fixture.issuer.calls.first(2)
        #expect(fixture.cached()?.isStale(fixture.now) == true)
        gate.open()
        await fixture.written.first(2)
        #expect(fixture.cached()?.token.value == fixture.jwt("b"))
        #expect(fixture.issuer.calls.count == 2)
        let refreshed =
            #"latchkey_token_refreshes_total{profile="default",reason="ahead",outcome="success"}"#
        #expect(fixture.metric(refreshed) == 1)
    }

    @Test func `If the issuer is down, the old token is served until it expires and not longer`() async throws {
        fixture.shared.then(.failure(UpstreamFault(.unavailable, upstream: .parameterStore)))
        fixture.issuer.then(.success(fixture.grant()))
        _ = try await fixture.token()
        fixture.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0, code: "503")))
        fixture.sleeper.advance(by: .seconds(3375))
        #expect(fixture.cached() != nil)
        await fixture.issuer.calls.first(2)
        fixture.sleeper.advance(by: .seconds(224))
        #expect(fixture.cached()?.token.expiresIn(fixture.now) == 1)
        fixture.sleeper.advance(by: .seconds(1))
        #expect(fixture.cached() == nil)
        await #expect(throws: UpstreamFault.self) { try await fixture.token() }
    }

    @Test func `The backoff of failed refreshes grows`() async throws {
        fixture.issuer.then(.success(fixture.grant()))
        _ = try await fixture.token()
        fixture.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0)))
        fixture.sleeper.advance(by: .seconds(3375))
        for _ in 0..<200 {
            #expect(fixture.cached() != nil)
            await settle { !fixture.broker.snapshot().contains(where: \.isRefreshing) }
            fixture.sleeper.advance(by: .seconds(1))
        }
        // 1 + 2 + 4 + 8 + 16 + 30 + 30 + … seconds: at most eleven attempts in 200 s.
        #expect((6...12).contains(fixture.issuer.calls.count))
    }

    @Test func `A wall clock that is set back does not extend a token`() async throws {
        fixture.issuer.then(.success(fixture.opaque("abc")))
        _ = try await fixture.token()
        fixture.clock.jumpWall(by: .seconds(-3600))
        #expect(fixture.cached()?.token.expiresIn(fixture.now) == 3600)
        fixture.sleeper.advance(by: .seconds(3599))
        #expect(fixture.cached() != nil)
        fixture.sleeper.advance(by: .seconds(1))
        #expect(fixture.cached() == nil)
    }

    @Test func `A wall clock that is set beyond the expiry ends a token`() async throws {
        fixture.issuer.then(.success(fixture.grant("a")), .success(fixture.grant("b")))
        _ = try await fixture.token()
        fixture.clock.jumpWall(by: .seconds(7200))
        #expect(fixture.cached() == nil)
    }

    @Test(arguments: [-7200, 7200])
    func `A wrong clock does not cause a storm of refreshes`(skew: Int) async throws {
        fixture.clock.jumpWall(by: .seconds(skew))
        let issued = fixture.now.wall + .seconds(-skew)
        let value = fixture.jwt(issued: issued)
        fixture.issuer.then(
            .success(TokenResponse(value: value, tokenType: "bearer", expiresIn: .seconds(3600), scope: nil)))
        #expect(try await fixture.token().entry.token.expiresIn(fixture.now) == 3600)
        for _ in 0..<100 { #expect(try await fixture.token().tier == .memory) }
        #expect(fixture.issuer.calls.count == 1)
    }

    @Test(arguments: [(0, 3600), (1, 3599), (5, 3595), (6, 3600), (-1, 3600)])
    func `A token's exp ends it to the second if this machine's clock agrees with the issuer's`(
        behind: Int, lives: Int64
    ) async throws {
        let token = fixture.jwt(issued: fixture.now.wall + .seconds(-behind))
        fixture.issuer.then(
            .success(TokenResponse(value: token, tokenType: "Bearer", expiresIn: .seconds(3600), scope: nil)))
        #expect(try await fixture.token().entry.token.expiresIn(fixture.now) == lives)
    }

    @Test func `A token's own claims shorten expires_in`() async throws {
        let value = fixture.jwt(lifetime: .seconds(600))
        fixture.issuer.then(
            .success(TokenResponse(value: value, tokenType: "Bearer", expiresIn: .seconds(86400), scope: nil)))
        #expect(try await fixture.token().entry.token.expiresIn(fixture.now) == 600)
    }

    @Test func `Without expires_in the claims count, and without claims the lifetime is 300 s`() async throws {
        let claimed = TokenResponse(value: fixture.jwt(), tokenType: "Bearer", expiresIn: nil, scope: nil)
        fixture.issuer.then(.success(claimed), .success(fixture.opaque("abc", expiresIn: nil)))
        #expect(try await fixture.token().entry.token.expiresIn(fixture.now) == 3600)
        let second = try await fixture.broker.token(ProfileID(1), deadline: fixture.deadline)
        #expect(second.entry.token.expiresIn(fixture.now) == 300)
    }

    @Test func `An absurd expires_in is reduced to 30 days`() async throws {
        fixture.issuer.then(.success(fixture.opaque("abc", expiresIn: .seconds(Int64.max))))
        #expect(try await fixture.token().entry.token.expiresIn(fixture.now) == 2_592_000)
    }

    @Test(arguments: [
        ("", "Bearer", 3600), ("a\r\nb", "Bearer", 3600), ("a b", "Bearer", 3600), ("abc", "MAC", 3600),
        ("abc", "Bearer", 0), ("abc", "Bearer", -1), (String(repeating: "x", count: 16_385), "Bearer", 3600),
    ])
    func `A response that cannot be used is refused and not cached`(value: String, type: String, seconds: Int)
        async throws
    {
        fixture.issuer.then(
            .success(
                TokenResponse(value: Secret(value), tokenType: type, expiresIn: .seconds(seconds), scope: nil)))
        let fault = await #expect(throws: UpstreamFault.self) { try await fixture.token() }
        #expect(fault?.reason == .invalid)
        #expect(fault?.upstream == .auth0)
        #expect(fixture.cached() == nil)
        #expect(fixture.written.count == 0)
    }
}
