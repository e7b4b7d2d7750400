import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite struct `Token broker, forced refresh and issuers that refuse` {
    let bench = TokenBench()

    @Test func `A forced refresh goes past memory, and many at once cost one issuance`() async throws {
        bench.issuer.then(.success(bench.grant("a")))
        let old = try await bench.token()
        let gate = Gate()
        bench.issuer.then(.success(bench.grant("b")), gate: gate)
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        for _ in 0..<50 {
            bench.broker.token(bench.profile, TokenAsk(refresh: true), deadline: bench.deadline) { answers.put($0) }
        }
        gate.open()
        for answer in await answers.first(50) {
            let served = try answer.get()
            #expect(served.tier == .auth0)
            #expect(served.entry.version != old.entry.version)
        }
        #expect(bench.issuer.calls.count == 2)
    }

    @Test func `A second forced refresh within 2 s is answered from memory`() async throws {
        bench.issuer.then(.success(bench.grant("a")), .success(bench.grant("b")), .success(bench.grant("c")))
        _ = try await bench.token()
        #expect(try await bench.token(TokenAsk(refresh: true)).tier == .auth0)
        bench.sleeper.advance(by: .milliseconds(1999))
        let floored = try await bench.token(TokenAsk(refresh: true))
        #expect(floored.tier == .memory && floored.refreshError?.summary == "refresh_floor")
        bench.sleeper.advance(by: .milliseconds(1))
        #expect(try await bench.token(TokenAsk(refresh: true)).tier == .auth0)
        #expect(bench.issuer.calls.count == 3)
    }

    @Test func `An issuer that fails and says for how long is left alone that long`() async throws {
        let busy = UpstreamFault(.unavailable, upstream: .auth0, code: "http_503", retryAfter: .seconds(120))
        bench.issuer.then(.failure(busy))
        let told = await #expect(throws: UpstreamFault.self) { _ = try await bench.token() }
        #expect(told?.retryAfter == .seconds(120))
        bench.issuer.then(.success(bench.grant()))
        bench.sleeper.advance(by: .seconds(119))
        let again = await #expect(throws: UpstreamFault.self) { _ = try await bench.token() }
        #expect(again?.reason == .unavailable)
        #expect(bench.issuer.calls.count == 1)
        bench.sleeper.advance(by: .seconds(5))
        #expect(try await bench.token().tier == .auth0)
    }

    @Test func `A token that ends while another is looked for is not given out`() async throws {
        let gate = Gate()
        let ending = bench.jwt(lifetime: .seconds(3004), issued: bench.now.wall + .seconds(-3000))
        bench.shared.then(.success(bench.stored(ending, expiresIn: .seconds(3))))
        bench.claims.then(.success(true))
        bench.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0)), gate: gate)
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        bench.broker.token(bench.profile, TokenAsk(minTTL: .seconds(60)), deadline: bench.deadline) { answers.put($0) }
        await bench.issuer.calls.first(1)
        bench.sleeper.advance(by: .seconds(4))
        gate.open()
        let told = await answers.first(1).first
        #expect(throws: UpstreamFault.self) { _ = try told?.get() }
        #expect(bench.cached() == nil)
    }

    @Test func `A failed forced refresh leaves the cache alone and is told of`() async throws {
        bench.issuer.then(.success(bench.grant()))
        let old = try await bench.token()
        let fault = UpstreamFault(.unavailable, upstream: .auth0, code: "500")
        bench.issuer.then(.failure(fault))
        for _ in 0..<3 {
            let served = try await bench.token(TokenAsk(refresh: true))
            #expect(served.entry.version == old.entry.version)
            #expect(served.tier == .memory)
            #expect(served.refreshError == fault)
        }
        #expect(bench.issuer.calls.count == 2)
        #expect(bench.cached() != nil)
    }

    @Test func `min_ttl fetches a longer-lived token, once`() async throws {
        bench.issuer.then(.success(bench.grant("a")), .success(bench.grant("b")))
        _ = try await bench.token()
        bench.sleeper.advance(by: .seconds(1000))
        #expect(bench.cached(minTTL: .seconds(2600)) != nil)
        #expect(bench.cached(minTTL: .seconds(3000)) == nil)
        let served = try await bench.token(TokenAsk(minTTL: .seconds(3000)))
        #expect(served.tier == .auth0)
        #expect(bench.issuer.calls.count == 2)
    }

    @Test func `min_ttl longer than the issuer's tokens live does not cost an issuance a call`() async throws {
        bench.issuer.then(.success(bench.grant()))
        for _ in 0..<20 { _ = try await bench.token(TokenAsk(minTTL: .seconds(1_000_000))) }
        #expect(bench.issuer.calls.count == 1)
    }

    @Test func `A caller with a longer wish who joins a flight gets it met`() async throws {
        let gate = Gate()
        bench.shared.then(.success(bench.stored(bench.jwt("short", lifetime: .seconds(900)))), gate: gate)
        bench.issuer.then(.success(bench.grant("long")))
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        bench.broker.token(bench.profile, deadline: bench.deadline) { answers.put($0) }
        let wish = TokenAsk(minTTL: .seconds(800))
        bench.broker.token(bench.profile, wish, deadline: bench.deadline) { answers.put($0) }
        gate.open()
        let served = try await answers.first(2).map { try $0.get() }
        #expect(served.contains { $0.tier == .parameterStore })
        #expect(served.allSatisfy { $0.entry.token.expiresIn(bench.now) >= 800 })
    }

    @Test func `After 429 with Retry-After the issuer is not called before that time`() async throws {
        let fault = UpstreamFault(.throttled, upstream: .auth0, code: "too_many_requests", retryAfter: .seconds(60))
        bench.issuer.then(.failure(fault))
        await #expect(throws: fault) { try await bench.token() }
        for elapsed in 1..<60 {
            bench.sleeper.advance(by: .seconds(1))
            let again = await #expect(throws: UpstreamFault.self) { try await bench.token() }
            #expect(again?.reason == .throttled)
            #expect(again?.retryAfter == .seconds(60 - elapsed))
        }
        #expect(bench.issuer.calls.count == 1)
        bench.issuer.then(.success(bench.grant()))
        bench.sleeper.advance(by: .seconds(5))
        #expect(try await bench.token().tier == .auth0)
    }

    @Test func `While the issuer wants peace the valid token serves, also to a forced refresh`() async throws {
        bench.issuer.then(.success(bench.grant()))
        _ = try await bench.token()
        bench.issuer.then(.failure(UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(600))))
        for _ in 0..<10 {
            #expect(try await bench.token(TokenAsk(refresh: true)).refreshError?.reason == .throttled)
            bench.sleeper.advance(by: .seconds(3))
        }
        #expect(bench.issuer.calls.count == 2)
    }

    @Test func `While the issuer wants peace a sibling's token is still found`() async throws {
        bench.issuer.then(.failure(UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(600))))
        await #expect(throws: UpstreamFault.self) { try await bench.token() }
        bench.sleeper.advance(by: .seconds(5))
        bench.shared.then(.success(bench.stored(bench.jwt())))
        #expect(try await bench.token().tier == .parameterStore)
    }

    @Test func `A refusal is not tried again for 10 s, and healed after`() async throws {
        let fault = UpstreamFault(.denied, upstream: .auth0, code: "invalid_client")
        bench.issuer.then(.failure(fault))
        await #expect(throws: fault) { try await bench.token() }
        for _ in 0..<9 {
            bench.sleeper.advance(by: .seconds(1))
            let again = await #expect(throws: UpstreamFault.self) { try await bench.token() }
            #expect(again?.code == "invalid_client")
        }
        #expect(bench.issuer.calls.count == 1)
        bench.issuer.then(.success(bench.grant()))
        bench.sleeper.advance(by: .seconds(4))
        #expect(try await bench.token().tier == .auth0)
    }

    @Test func `Clearing after a refusal lets the issuer be asked at once`() async throws {
        bench.issuer.then(.failure(UpstreamFault(.denied, upstream: .auth0)))
        await #expect(throws: UpstreamFault.self) { try await bench.token() }
        bench.broker.clear()
        bench.issuer.then(.success(bench.grant()))
        #expect(try await bench.token().tier == .auth0)
    }

    @Test func `A token refused earlier is not taken back while the write of its successor is under way`() async throws
    {
        let bench = TokenBench()
        bench.issuer.then(.success(bench.grant("first")))
        let first = try await bench.token().entry.token.value
        // The shared tier still shows the first one, whatever has been written since.
        bench.shared.then(.success(bench.stored(first)))
        for name in ["second", "third"] {
            let refused = try await bench.token().entry.token.value
            bench.sleeper.advance(by: .seconds(3))
            let next = bench.grant(name)
            bench.issuer.then(.success(next))
            bench.reject(refused)
            #expect(try await bench.token().entry.token.value == next.value)
        }
        #expect(bench.issuer.calls.count == 3)
    }

    @Test func `A code from outside that is no plain word is dropped`() {
        #expect(UpstreamFault(.denied, code: "a b\r\nX-Evil: 1").code == nil)
        #expect(UpstreamFault(.denied, code: String(repeating: "a", count: 65)).code == nil)
        #expect(UpstreamFault(.denied, code: "AccessDeniedException").summary == "AccessDeniedException")
        #expect(UpstreamFault(.timedOut).summary == "timed_out")
    }
}
