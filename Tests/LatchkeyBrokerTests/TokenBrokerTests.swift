import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite("The order of tiers") struct TokenBrokerTests {
    let fixture = TokenFixture()

    @Test func `A cold request goes to the issuer, and the next one is a hit`() async throws {
        fixture.issuer.then(.success(fixture.grant()))
        #expect(fixture.cached() == nil)
        let served = try await fixture.token()
        #expect(served.tier == .auth0)
        #expect(served.entry.token.expiresIn(fixture.now) == 3600)
        #expect(fixture.cached()?.version == served.entry.version)
        #expect(try await fixture.token().tier == .memory)
        #expect(fixture.issuer.calls.count == 1)
    }

    @Test func `A pair in the shared tier saves an issuance`() async throws {
        fixture.shared.then(.success(fixture.stored(fixture.jwt())))
        let served = try await fixture.token()
        #expect(served.tier == .parameterStore)
        #expect(served.entry.token.expiresIn(fixture.now) == 3600)
        #expect(fixture.issuer.calls.count == 0)
    }

    @Test func `A new token is written with its expiry less the buffer`() async throws {
        fixture.issuer.then(.success(fixture.grant()))
        _ = try await fixture.token()
        let pair = await fixture.written.first(1)[0]
        #expect(pair.token == fixture.jwt())
        #expect(pair.expires == String((fixture.now.wall + .seconds(3300)).milliseconds))
    }

    @Test func `A fault of a tier is counted and logged once, and is not a miss`() async throws {
        fixture.shared.then(.failure(UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException")))
        fixture.issuer.then(.success(fixture.grant()))
        #expect(try await fixture.token().tier == .auth0)
        _ = try await fixture.broker.token(ProfileID(1), deadline: fixture.deadline)
        let series = #"latchkey_tier_requests_total{resource="token",tier="parameter_store",outcome="#
        #expect(fixture.metric(series + #""error"}"#) == 2)
        #expect(fixture.metric(series + #""miss"}"#) == 0)
        #expect(fixture.log.lines(.warning).count == 1)
        #expect(fixture.health.status(.parameterStore).state == .failing)
        #expect(fixture.health.status(.parameterStore).lastErrorCode == "AccessDeniedException")
        #expect(fixture.health.status(.auth0).state == .ok)
    }

    @Test func `A hit does not depend on the shared tier`() async throws {
        fixture.issuer.then(.success(fixture.grant()))
        _ = try await fixture.token()
        let calls = fixture.shared.calls.count
        fixture.shared.then(.failure(UpstreamFault(.unavailable)))
        for _ in 0..<100 { #expect(fixture.cached() != nil) }
        #expect(fixture.shared.calls.count == calls)
    }

    @Test func `If the issuer is down, a valid pair is served even inside its buffer`() async throws {
        fixture.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0)))
        fixture.shared.then(.success(fixture.stored(fixture.jwt(lifetime: .seconds(200)), expiresIn: .seconds(-100))))
        let served = try await fixture.token()
        #expect(served.tier == .parameterStore)
        #expect(served.entry.isStale(fixture.now))
        #expect(served.entry.token.expiresIn(fixture.now) == 200)
    }

    @Test func `The broker works without a shared tier`() async throws {
        let fixture = TokenFixture(isShared: false)
        fixture.issuer.then(.success(fixture.grant()))
        #expect(try await fixture.token().tier == .auth0)
        await fixture.broker.drain(by: .distantFuture)
        #expect(fixture.written.count == 0)
    }

    @Test func `Profiles do not share tokens`() async throws {
        fixture.issuer.then(.success(fixture.grant("a")), .success(fixture.grant("b")))
        let first = try await fixture.token()
        let second = try await fixture.broker.token(ProfileID(1), deadline: fixture.deadline)
        #expect(first.entry.token.value != second.entry.token.value)
        #expect(fixture.issuer.calls.values == ["default", "billing"])
        #expect(fixture.broker.profile(named: "billing") == ProfileID(1))
        #expect(fixture.broker.profile(named: "nobody") == nil)
    }

    @Test func `A clear empties memory, and the next request reads the tiers`() async throws {
        fixture.issuer.then(.success(fixture.grant()))
        _ = try await fixture.token()
        fixture.broker.clear()
        #expect(fixture.cached() == nil)
        #expect(fixture.broker.snapshot()[0].token == nil)
        #expect(fixture.metric(#"latchkey_token_expiry_timestamp_seconds{profile="default"}"#) == 0)
        fixture.shared.then(.success(fixture.stored(fixture.jwt())))
        #expect(try await fixture.token().tier == .parameterStore)
    }
}
