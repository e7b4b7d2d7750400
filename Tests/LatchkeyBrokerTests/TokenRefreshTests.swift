import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite("Forced refreshes and issuers that refuse") struct TokenRefreshTests {
    let fixture = TokenFixture()

    @Test func `A forced refresh bypasses memory, and concurrent ones cost one issuance`() async throws {
        fixture.issuer.then(.success(fixture.grant("a")))
        let old = try await fixture.token()
        let gate = Gate()
        fixture.issuer.then(.success(fixture.grant("b")), gate: gate)
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        for _ in 0..<50 {
            fixture.broker.token(fixture.profile, TokenDemand(refresh: true), deadline: fixture.deadline) {
                answers.put($0)
            }
        }
        gate.open()
        for answer in await answers.first(50) {
            let served = try answer.get()
            #expect(served.tier == .auth0)
            #expect(served.entry.version != old.entry.version)
        }
        #expect(fixture.issuer.calls.count == 2)
    }

    @Test func `A second forced refresh within 2 s is answered from memory`() async throws {
        fixture.issuer.then(.success(fixture.grant("a")), .success(fixture.grant("b")), .success(fixture.grant("c")))
        _ = try await fixture.token()
        #expect(try await fixture.token(TokenDemand(refresh: true)).tier == .auth0)
        fixture.sleeper.advance(by: .milliseconds(1999))
        let floored = try await fixture.token(TokenDemand(refresh: true))
        #expect(floored.tier == .memory && floored.refreshError?.summary == "refresh_floor")
        fixture.sleeper.advance(by: .milliseconds(1))
        #expect(try await fixture.token(TokenDemand(refresh: true)).tier == .auth0)
        #expect(fixture.issuer.calls.count == 3)
    }

    @Test func `An issuer that fails with Retry-After is not called before that time`() async throws {
        let busy = UpstreamFault(.unavailable, upstream: .auth0, code: "http_503", retryAfter: .seconds(120))
        fixture.issuer.then(.failure(busy))
        let answer = await #expect(throws: UpstreamFault.self) { _ = try await fixture.token() }
        #expect(answer?.retryAfter == .seconds(120))
        fixture.issuer.then(.success(fixture.grant()))
        fixture.sleeper.advance(by: .seconds(119))
        let again = await #expect(throws: UpstreamFault.self) { _ = try await fixture.token() }
        #expect(again?.reason == .unavailable)
        #expect(fixture.issuer.calls.count == 1)
        fixture.sleeper.advance(by: .seconds(5))
        #expect(try await fixture.token().tier == .auth0)
    }

    @Test func `A token that expires during a refresh is not served`() async throws {
        let gate = Gate()
        let ending = fixture.jwt(lifetime: .seconds(3004), issued: fixture.now.wall + .seconds(-3000))
        fixture.shared.then(.success(fixture.stored(ending, expiresIn: .seconds(3))))
        fixture.claims.then(.success(true))
        fixture.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0)), gate: gate)
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        fixture.broker.token(fixture.profile, TokenDemand(minTTL: .seconds(60)), deadline: fixture.deadline) {
            answers.put($0)
        }
        await fixture.issuer.calls.first(1)
        fixture.sleeper.advance(by: .seconds(4))
        gate.open()
        let answer = await answers.first(1).first
        #expect(throws: UpstreamFault.self) { _ = try answer?.get() }
        #expect(fixture.cached() == nil)
    }

    @Test func `A failed forced refresh leaves the cache alone and is reported`() async throws {
        fixture.issuer.then(.success(fixture.grant()))
        let old = try await fixture.token()
        let fault = UpstreamFault(.unavailable, upstream: .auth0, code: "500")
        fixture.issuer.then(.failure(fault))
        for _ in 0..<3 {
            let served = try await fixture.token(TokenDemand(refresh: true))
            #expect(served.entry.version == old.entry.version)
            #expect(served.tier == .memory)
            #expect(served.refreshError == fault)
        }
        #expect(fixture.issuer.calls.count == 2)
        #expect(fixture.cached() != nil)
    }

    @Test func `min_ttl fetches a longer-lived token, once`() async throws {
        fixture.issuer.then(.success(fixture.grant("a")), .success(fixture.grant("b")))
        _ = try await fixture.token()
        fixture.sleeper.advance(by: .seconds(1000))
        #expect(fixture.cached(minTTL: .seconds(2600)) != nil)
        #expect(fixture.cached(minTTL: .seconds(3000)) == nil)
        let served = try await fixture.token(TokenDemand(minTTL: .seconds(3000)))
        #expect(served.tier == .auth0)
        #expect(fixture.issuer.calls.count == 2)
    }

    @Test func `A min_ttl beyond the lifetime of the issuer's tokens does not cost an issuance per request`()
        async throws
    {
        fixture.issuer.then(.success(fixture.grant()))
        for _ in 0..<20 { _ = try await fixture.token(TokenDemand(minTTL: .seconds(1_000_000))) }
        #expect(fixture.issuer.calls.count == 1)
    }

    @Test func `A caller with a longer min_ttl that joins a refresh gets a token that meets it`() async throws {
        let gate = Gate()
        fixture.shared.then(.success(fixture.stored(fixture.jwt("short", lifetime: .seconds(900)))), gate: gate)
        fixture.issuer.then(.success(fixture.grant("long")))
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        fixture.broker.token(fixture.profile, deadline: fixture.deadline) { answers.put($0) }
        let longer = TokenDemand(minTTL: .seconds(800))
        fixture.broker.token(fixture.profile, longer, deadline: fixture.deadline) { answers.put($0) }
        gate.open()
        let served = try await answers.first(2).map { try $0.get() }
        #expect(served.contains { $0.tier == .parameterStore })
        #expect(served.allSatisfy { $0.entry.token.expiresIn(fixture.now) >= 800 })
    }

    @Test func `After 429 with Retry-After the issuer is not called before that time`() async throws {
        let fault = UpstreamFault(.throttled, upstream: .auth0, code: "too_many_requests", retryAfter: .seconds(60))
        fixture.issuer.then(.failure(fault))
        await #expect(throws: fault) { try await fixture.token() }
        for elapsed in 1..<60 {
            fixture.sleeper.advance(by: .seconds(1))
            let again = await #expect(throws: UpstreamFault.self) { try await fixture.token() }
            #expect(again?.reason == .throttled)
            #expect(again?.retryAfter == .seconds(60 - elapsed))
        }
        #expect(fixture.issuer.calls.count == 1)
        fixture.issuer.then(.success(fixture.grant()))
        fixture.sleeper.advance(by: .seconds(5))
        #expect(try await fixture.token().tier == .auth0)
    }

    @Test func `During the issuer's backoff, the valid token is served, even to a forced refresh`() async throws {
        fixture.issuer.then(.success(fixture.grant()))
        _ = try await fixture.token()
        fixture.issuer.then(.failure(UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(600))))
        for _ in 0..<10 {
            #expect(try await fixture.token(TokenDemand(refresh: true)).refreshError?.reason == .throttled)
            fixture.sleeper.advance(by: .seconds(3))
        }
        #expect(fixture.issuer.calls.count == 2)
    }

    @Test func `During the issuer's backoff, another replica's token is still found`() async throws {
        fixture.issuer.then(.failure(UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(600))))
        await #expect(throws: UpstreamFault.self) { try await fixture.token() }
        fixture.sleeper.advance(by: .seconds(5))
        fixture.shared.then(.success(fixture.stored(fixture.jwt())))
        #expect(try await fixture.token().tier == .parameterStore)
    }

    @Test func `A denial is not retried for 10 s, and then recovers`() async throws {
        let fault = UpstreamFault(.denied, upstream: .auth0, code: "invalid_client")
        fixture.issuer.then(.failure(fault))
        await #expect(throws: fault) { try await fixture.token() }
        for _ in 0..<9 {
            fixture.sleeper.advance(by: .seconds(1))
            let again = await #expect(throws: UpstreamFault.self) { try await fixture.token() }
            #expect(again?.code == "invalid_client")
        }
        #expect(fixture.issuer.calls.count == 1)
        fixture.issuer.then(.success(fixture.grant()))
        fixture.sleeper.advance(by: .seconds(4))
        #expect(try await fixture.token().tier == .auth0)
    }

    @Test func `A clear after a denial allows the next call to the issuer at once`() async throws {
        fixture.issuer.then(.failure(UpstreamFault(.denied, upstream: .auth0)))
        await #expect(throws: UpstreamFault.self) { try await fixture.token() }
        fixture.broker.clear()
        fixture.issuer.then(.success(fixture.grant()))
        #expect(try await fixture.token().tier == .auth0)
    }

    @Test func `A token that was rejected earlier is not accepted while its successor is being written`() async throws {
        let fixture = TokenFixture()
        fixture.issuer.then(.success(fixture.grant("first")))
        let first = try await fixture.token().entry.token.value
        // The shared tier still returns the first token, whatever has been written since.
        fixture.shared.then(.success(fixture.stored(first)))
        for name in ["second", "third"] {
            let refused = try await fixture.token().entry.token.value
            fixture.sleeper.advance(by: .seconds(3))
            let next = fixture.grant(name)
            fixture.issuer.then(.success(next))
            fixture.reject(refused)
            #expect(try await fixture.token().entry.token.value == next.value)
        }
        #expect(fixture.issuer.calls.count == 3)
    }

    @Test func `A code from outside with other than plain characters is dropped`() {
        #expect(UpstreamFault(.denied, code: "a b\r\nX-Evil: 1").code == nil)
        #expect(UpstreamFault(.denied, code: String(repeating: "a", count: 65)).code == nil)
        #expect(UpstreamFault(.denied, code: "AccessDeniedException").summary == "AccessDeniedException")
        #expect(UpstreamFault(.timedOut).summary == "timed_out")
    }
}
