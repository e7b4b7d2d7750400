import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite struct `Token broker, tiers in order` {
    let bench = TokenBench()

    @Test func `A cold call goes to the issuer, the next is a hit`() async throws {
        bench.issuer.then(.success(bench.grant()))
        #expect(bench.cached() == nil)
        let served = try await bench.token()
        #expect(served.tier == .auth0)
        #expect(served.entry.token.expiresIn(bench.now) == 3600)
        #expect(bench.cached()?.version == served.entry.version)
        #expect(try await bench.token().tier == .memory)
        #expect(bench.issuer.calls.count == 1)
    }

    @Test func `A pair in the shared tier spares the issuer`() async throws {
        bench.shared.then(.success(bench.stored(bench.jwt())))
        let served = try await bench.token()
        #expect(served.tier == .parameterStore)
        #expect(served.entry.token.expiresIn(bench.now) == 3600)
        #expect(bench.issuer.calls.count == 0)
    }

    @Test func `A new token is written as the pair, its expiry less the buffer`() async throws {
        bench.issuer.then(.success(bench.grant()))
        _ = try await bench.token()
        let pair = await bench.written.first(1)[0]
        #expect(pair.token == bench.jwt())
        #expect(pair.expires == String((bench.now.wall + .seconds(3300)).milliseconds))
    }

    @Test func `A tier fault is counted, warned of once and skipped, not taken for a miss`() async throws {
        bench.shared.then(.failure(UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException")))
        bench.issuer.then(.success(bench.grant()))
        #expect(try await bench.token().tier == .auth0)
        _ = try await bench.broker.token(ProfileID(1), deadline: bench.deadline)
        let series = #"latchkey_tier_requests_total{resource="token",tier="parameter_store",outcome="#
        #expect(bench.metric(series + #""error"}"#) == 2)
        #expect(bench.metric(series + #""miss"}"#) == 0)
        #expect(bench.log.lines(.warning).count == 1)
        #expect(bench.health.status(.parameterStore).state == .failing)
        #expect(bench.health.status(.parameterStore).lastErrorCode == "AccessDeniedException")
        #expect(bench.health.status(.auth0).state == .ok)
    }

    @Test func `With the shared tier down a hit stays a hit`() async throws {
        bench.issuer.then(.success(bench.grant()))
        _ = try await bench.token()
        let asked = bench.shared.calls.count
        bench.shared.then(.failure(UpstreamFault(.unavailable)))
        for _ in 0..<100 { #expect(bench.cached() != nil) }
        #expect(bench.shared.calls.count == asked)
    }

    @Test func `With the issuer down a valid pair is served, even inside its buffer`() async throws {
        bench.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0)))
        bench.shared.then(.success(bench.stored(bench.jwt(lifetime: .seconds(200)), expiresIn: .seconds(-100))))
        let served = try await bench.token()
        #expect(served.tier == .parameterStore)
        #expect(served.entry.isStale(bench.now))
        #expect(served.entry.token.expiresIn(bench.now) == 200)
    }

    @Test func `No shared tier at all works`() async throws {
        let bench = TokenBench(isShared: false)
        bench.issuer.then(.success(bench.grant()))
        #expect(try await bench.token().tier == .auth0)
        await bench.broker.drain(by: .distantFuture)
        #expect(bench.written.count == 0)
    }

    @Test func `Profiles do not share tokens`() async throws {
        bench.issuer.then(.success(bench.grant("a")), .success(bench.grant("b")))
        let first = try await bench.token()
        let second = try await bench.broker.token(ProfileID(1), deadline: bench.deadline)
        #expect(first.entry.token.value != second.entry.token.value)
        #expect(bench.issuer.calls.values == ["default", "billing"])
        #expect(bench.broker.profile(named: "billing") == ProfileID(1))
        #expect(bench.broker.profile(named: "nobody") == nil)
    }

    @Test func `Clearing empties memory and the next call asks the tiers`() async throws {
        bench.issuer.then(.success(bench.grant()))
        _ = try await bench.token()
        bench.broker.clear()
        #expect(bench.cached() == nil)
        #expect(bench.broker.snapshot()[0].token == nil)
        #expect(bench.metric(#"latchkey_token_expiry_timestamp_seconds{profile="default"}"#) == 0)
        bench.shared.then(.success(bench.stored(bench.jwt())))
        #expect(try await bench.token().tier == .parameterStore)
    }
}

@Suite struct `Token broker, one flight` {
    let bench = TokenBench()

    @Test func `500 cold callers cost one issuance and get one token`() async throws {
        let gate = Gate()
        bench.issuer.then(.success(bench.grant()), gate: gate)
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        for _ in 0..<500 { bench.broker.token(bench.profile, deadline: bench.deadline) { answers.put($0) } }
        await bench.issuer.calls.first(1)
        #expect(answers.count == 0)
        gate.open()
        let versions = try await answers.first(500).map { try $0.get().entry.version }
        #expect(Set(versions).count == 1)
        #expect(bench.issuer.calls.count == 1)
        #expect(bench.shared.calls.count == 1)
        #expect(bench.metric(#"latchkey_singleflight_joined_total{resource="token"}"#) == 499)
    }

    @Test func `A failure is shared too, and held so that no convoy forms`() async throws {
        let gate = Gate()
        bench.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0, code: "503")), gate: gate)
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        for _ in 0..<500 { bench.broker.token(bench.profile, deadline: bench.deadline) { answers.put($0) } }
        gate.open()
        let faults = await answers.first(500).compactMap { answer in
            if case .failure(let fault) = answer { fault } else { nil }
        }
        #expect(faults.count == 500)
        #expect(Set(faults).count == 1)
        #expect(bench.issuer.calls.count == 1)
        await #expect(throws: UpstreamFault(.unavailable, upstream: .auth0, code: "503", retryAfter: .seconds(1))) {
            try await bench.token()
        }
        #expect(bench.issuer.calls.count == 1)
    }

    @Test func `However long an outage, service is back within 5 s of its end`() async throws {
        bench.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0)))
        for _ in 0..<40 {
            await #expect(throws: UpstreamFault.self) { try await bench.token() }
            bench.sleeper.advance(by: .seconds(1))
        }
        bench.issuer.then(.success(bench.grant()))
        bench.sleeper.advance(by: .seconds(4))
        #expect(try await bench.token().tier == .auth0)
    }

    @Test func `A caller's deadline ends its wait and not the flight`() async throws {
        let gate = Gate()
        bench.issuer.then(.success(bench.grant()), gate: gate)
        let early = Inbox<Result<ServedToken, UpstreamFault>>()
        let late = Inbox<Result<ServedToken, UpstreamFault>>()
        bench.broker.token(bench.profile, deadline: bench.deadline) { late.put($0) }
        bench.broker.token(bench.profile, deadline: bench.now.monotonic + .seconds(2)) { early.put($0) }
        await bench.issuer.calls.first(1)
        bench.sleeper.advance(by: .seconds(2))
        let ended = await early.first(1)[0]
        #expect(throws: UpstreamFault(.timedOut)) { try ended.get() }
        #expect(late.count == 0)
        gate.open()
        #expect(try await late.first(1)[0].get().tier == .auth0)
        #expect(bench.issuer.calls.count == 1)
    }

    @Test func `A flight whose tier never answers is given up, and what it brings later is kept`() async throws {
        let gate = Gate()
        bench.issuer.then(.success(bench.grant()), gate: gate)
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        bench.broker.token(bench.profile, deadline: .distantFuture) { answers.put($0) }
        await bench.issuer.calls.first(1)
        bench.sleeper.advance(by: .seconds(10))
        let ended = await answers.first(1)[0]
        #expect(throws: UpstreamFault(.timedOut)) { try ended.get() }
        gate.open()
        // The write comes after the token has been kept.
        await bench.written.first(1)
        #expect(bench.cached() != nil)
    }

    @Test func `Callers over the bound are refused at once`() async throws {
        let bench = TokenBench(maximumWaiters: 3)
        let gate = Gate()
        bench.issuer.then(.success(bench.grant()), gate: gate)
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        for _ in 0..<5 { bench.broker.token(bench.profile, deadline: bench.deadline) { answers.put($0) } }
        for answer in await answers.first(2) {
            #expect(throws: UpstreamFault(.overloaded, retryAfter: .seconds(1))) { try answer.get() }
        }
        gate.open()
        #expect(try await answers.first(5).suffix(3).allSatisfy { try $0.get().tier == .auth0 })
    }
}

@Suite struct `Token broker, writing behind` {
    let bench = TokenBench()

    @Test func `A write that never ends holds nobody up`() async throws {
        let gate = Gate()
        bench.writes.then(.success(()), gate: gate)
        bench.issuer.then(.success(bench.grant()))
        #expect(try await bench.token().tier == .auth0)
        await bench.writes.calls.first(1)
        #expect(bench.cached() != nil)
        gate.open()
        await bench.broker.drain(by: .distantFuture)
        #expect(bench.written.count == 1)
    }

    @Test func `The end of the process waits for a write no longer than it may`() async throws {
        let gate = Gate()
        bench.writes.then(.success(()), gate: gate)
        bench.issuer.then(.success(bench.grant()))
        _ = try await bench.token()
        await bench.writes.calls.first(1)
        let drained = Inbox<Bool>()
        let end = bench.now.monotonic + .seconds(3)
        Task {
            await bench.broker.drain(by: end)
            drained.put(true)
        }
        bench.sleeper.advance(by: .seconds(3))
        await drained.first(1)
        gate.open()
    }

    @Test func `A refused token stays in the shared tier while it cannot be replaced, and the issuer's wish is shared`()
        async throws
    {
        bench.issuer.then(.success(bench.grant("bad")))
        let bad = try await bench.token().entry.token.value
        await bench.broker.drain(by: .distantFuture)
        bench.shared.then(.success(bench.stored(bad)))
        bench.issuer.then(.failure(UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(60))))
        #expect(bench.reject(bad))
        await bench.issuer.calls.first(2)
        let leases = await bench.claims.calls.first(3)
        #expect(leases.last?.contains(#""resting":true"#) == true)
        #expect(bench.written.values.map(\.token) == [bad])
    }

    @Test func `A denied write is warned of and counted, and not tried again`() async throws {
        let fault = UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException")
        bench.writes.then(.failure(fault))
        bench.issuer.then(.success(bench.grant()))
        _ = try await bench.token()
        await bench.broker.drain(by: .distantFuture)
        for _ in 0..<50 { #expect(bench.cached() != nil) }
        #expect(bench.writes.calls.count == 1)
        #expect(bench.log.lines(.warning).count == 1)
        let error = #"latchkey_tier_requests_total{resource="token",tier="parameter_store",outcome="error"}"#
        #expect(bench.metric(error) == 1)
        #expect(bench.health.status(.parameterStore).writeErrorCode == "AccessDeniedException")
        #expect(bench.health.status(.parameterStore).state == .ok)
    }

    @Test func `Of several tokens waiting for a slow write only the newest is written`() async throws {
        let gate = Gate()
        bench.writes.then(.success(()), gate: gate)
        for name in ["a", "b", "c"] {
            bench.issuer.then(.success(bench.grant(name)))
            _ = try await bench.token(TokenAsk(refresh: true))
            await bench.writes.calls.first(1)
            bench.sleeper.advance(by: .seconds(3))
        }
        gate.open()
        await bench.broker.drain(by: .distantFuture)
        #expect(bench.written.count == 2)
        #expect(bench.written.values.last?.token == bench.cached()?.token.value)
    }

    @Test func `No log line holds a token`() async throws {
        bench.writes.then(.failure(UpstreamFault(.throttled)))
        bench.shared.then(.success(StoredToken(token: Secret("tok\nen"), expires: "1")))
        bench.issuer.then(.success(bench.opaque("very-secret-token")))
        _ = try await bench.token()
        await bench.broker.drain(by: .distantFuture)
        let lines = bench.log.lines(.warning)
        #expect(lines.count == 2)
        #expect(!lines.contains { $0.contains("very-secret") || $0.contains("tok\n") })
    }
}
