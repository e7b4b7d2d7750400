import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite struct ProfileChangeTests {
    let profiles = ProfileBench()
    var bench: TokenBench { profiles.bench }
    var broker: TokenBroker { profiles.broker }

    /// The default profile, and another.
    private func replace(_ others: TokenProfile...) {
        broker.replace(with: [profiles.profile("default", nil, gives: "default")] + others)
    }

    @Test func `A profile that stays as it is keeps its token, and its issuer is not asked again`() async throws {
        let issuer = BrokerScript(.success(bench.opaque("a")))
        replace(profiles.profile("a", "1", issuer))
        #expect(try await profiles.token("a") == "a")
        replace(profiles.profile("b", "1", gives: "b"), profiles.profile("a", "1", issuer))
        #expect(profiles.cached("a") == "a")
        #expect(try await profiles.token("b") == "b")
        #expect(issuer.calls.count == 1)
        #expect(broker.snapshot().map(\.name) == ["default", "b", "a"])
    }

    @Test func `A profile that is defined otherwise gives out nothing that was got before`() async throws {
        replace(profiles.profile("a", "1", gives: "old"))
        let before = try #require(broker.profile(named: "a"))
        let old = try await broker.token(before, deadline: bench.deadline).entry
        replace(profiles.profile("a", "2", gives: "new"))
        #expect(broker.cached(before, now: bench.now) == nil)
        #expect(profiles.cached("a") == nil)
        #expect(bench.metric(#"latchkey_token_expiry_timestamp_seconds{profile="a"}"#) == 0)
        // Who still has the profile as it was is served by its name.
        let served = try await broker.token(before, deadline: bench.deadline)
        #expect(served.entry.token.value == Secret("new"))
        // Endpoints keep what they rendered by these two.
        #expect(broker.profile(named: "a")?.index == before.index && served.entry.version != old.version)
    }

    @Test func `Who asked by something other than the name is told that the profile has changed`() async throws {
        replace(profiles.profile("a", "1", gives: "old"))
        let before = try #require(broker.profile(named: "a"))
        replace(profiles.profile("a", "2", gives: "new"))
        await #expect(throws: UpstreamFault.profileChanged) {
            try await broker.token(before, TokenAsk(isByName: false), deadline: bench.deadline)
        }
    }

    @Test func `Callers of a flight under way get the new definition's token, and nobody the old one's`() async throws {
        let (gate, old) = (Gate(), BrokerScript<IssuedGrant>())
        old.then(.success(bench.opaque("old")), gate: gate)
        replace(profiles.profile("a", "1", old))
        let id = try #require(broker.profile(named: "a"))
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        for _ in 0..<50 { broker.token(id, deadline: bench.deadline) { answers.put($0) } }
        await old.calls.first(1)
        let new = BrokerScript(.success(bench.opaque("new")))
        replace(profiles.profile("a", "2", new))
        let got = await answers.first(50)
        #expect(got.allSatisfy { (try? $0.get().entry.token.value) == Secret("new") })
        gate.open()
        // What the old flight brings is dropped whenever it comes.
        for _ in 0..<100 {
            await Task.yield()
            #expect(profiles.cached("a") == "new")
        }
        #expect(answers.count == 50 && new.calls.count == 1)
        #expect(bench.metric(#"latchkey_token_refreshes_total{profile="a",reason="cold",outcome="success"}"#) == 1)
    }

    @Test func `Callers of a profile that is removed are told at once, and its series are gone`() async throws {
        let (gate, old) = (Gate(), BrokerScript<IssuedGrant>())
        replace(profiles.profile("b", "1", gives: "b"))
        _ = try await profiles.token("b")
        let series = #"latchkey_token_refreshes_total{profile="b",reason="cold",outcome="success"}"#
        #expect(bench.metric(series) == 1)
        old.then(.success(bench.opaque("old")), gate: gate)
        replace(profiles.profile("b", "2", old))
        let id = try #require(broker.profile(named: "b"))
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        broker.token(id, deadline: bench.deadline) { answers.put($0) }
        await old.calls.first(1)
        replace()
        guard case .failure(let fault) = await answers.first(1)[0] else {
            Issue.record("a token of a removed profile")
            return
        }
        #expect(fault.reason == .notFound)
        #expect(broker.profile(named: "b") == nil && broker.snapshot().map(\.name) == ["default"])
        #expect(!broker.reject(id, sha256: SHA256.hash("old"), by: "orders"))
        gate.open()
        replace(profiles.profile("b", "2", gives: "again"))
        #expect(try await profiles.token("b") == "again")
        #expect(bench.metric(series) == 1)
        #expect(try await broker.token(id, deadline: bench.deadline).entry.token.value == Secret("again"))
    }

    @Test func `What the old definition's issuer does after the change is no failure of the tier`() async throws {
        let (gate, old) = (Gate(), BrokerScript<IssuedGrant>())
        old.then(.failure(UpstreamFault(.timedOut, upstream: .auth0)), gate: gate)
        replace(profiles.profile("a", "1", old))
        let id = try #require(broker.profile(named: "a"))
        broker.token(id, deadline: bench.deadline) { _ in }
        await old.calls.first(1)
        replace(profiles.profile("a", "2", gives: "new"))
        #expect(try await profiles.token("a") == "new")
        gate.open()
        for _ in 0..<100 { await Task.yield() }
        #expect(bench.health.status(.auth0).state == .ok && bench.log.lines(.warning).isEmpty)
    }

    @Test func `Of another way to get the same tokens only the failures of the old one are forgotten`() async throws {
        let refused = BrokerScript<IssuedGrant>(.failure(UpstreamFault(.denied, upstream: .auth0)))
        replace(profiles.profile("a", "1", revision: 1, refused), profiles.profile("b", "1", gives: "b"))
        await #expect(throws: UpstreamFault.self) { try await profiles.token("a") }
        _ = try await profiles.token("b")
        replace(
            profiles.profile("a", "1", revision: 2, gives: "a"),
            profiles.profile("b", "1", revision: 2, gives: "another"))
        #expect(try await profiles.token("a") == "a")
        #expect(profiles.cached("b") == "b")
        let id = try #require(broker.profile(named: "b"))
        let forced = try await broker.token(id, TokenAsk(refresh: true), deadline: bench.deadline)
        #expect(forced.entry.token.value == Secret("another"))
    }
}

@Suite struct `Profiles that change and the shared tier` {
    let profiles = ProfileBench(isShared: true)
    var bench: TokenBench { profiles.bench }
    var broker: TokenBroker { profiles.broker }

    private func replace(_ others: TokenProfile...) {
        broker.replace(with: [profiles.profile("default", nil, gives: "default")] + others)
    }

    @Test func `A pair of which nobody says what it is for is taken for a new profile and not for a changed one`()
        async throws
    {
        replace(profiles.profile("a", "1", gives: "own"))
        bench.shared.then(.success(bench.stored(Secret("shared"))))
        #expect(try await profiles.token("a") == "shared")
        replace(profiles.profile("a", "2", gives: "own"))
        #expect(try await profiles.token("a") == "own")
        replace(profiles.profile("b", "2", gives: "own"))
        #expect(try await profiles.token("b") == "shared")
        // Removed, and back as another.
        replace(profiles.profile("a", "3", gives: "own"))
        #expect(try await profiles.token("a") == "own")
    }

    @Test func `A flight that was reading the shared tier takes no lease for the old definition and asks nobody`()
        async throws
    {
        let (gate, old) = (Gate(), BrokerScript(.success(bench.opaque("old"))))
        bench.shared.then(.success(nil), gate: gate)
        replace(profiles.profile("a", "1", old))
        let id = try #require(broker.profile(named: "a"))
        broker.token(id, deadline: bench.deadline) { _ in }
        await bench.shared.calls.first(1)
        bench.shared.then(.success(nil))
        replace(profiles.profile("a", "2", gives: "new"))
        #expect(try await profiles.token("a") == "new")
        gate.open()
        for _ in 0..<100 { await Task.yield() }
        #expect(old.calls.count == 0 && bench.claims.calls.count == 1)
        #expect(bench.claims.calls.values[0].contains(#""for":"2""#))
    }

    @Test func `What waits to be written for the old definition is never written after the new one's`() async throws {
        bench.writes.then(.failure(UpstreamFault(.throttled, upstream: .parameterStore)))
        replace(profiles.profile("a", "1", gives: "old"))
        _ = try await profiles.token("a")
        await bench.writes.calls.first(1)
        replace(profiles.profile("a", "2", gives: "new"))
        bench.writes.then(.success(()))
        #expect(try await profiles.token("a") == "new")
        await broker.drain(by: .distantFuture)
        #expect(bench.written.values.map(\.token) == [Secret("new")])
    }

    @Test func `A write that failed is not tried again once its profile is removed`() async throws {
        bench.writes.then(.failure(UpstreamFault(.throttled, upstream: .parameterStore)))
        replace(profiles.profile("a", "1", gives: "old"))
        _ = try await profiles.token("a")
        let next = bench.now.monotonic + .seconds(1)
        while !bench.sleeper.times.contains(next) { await Task.yield() }
        replace()
        while bench.sleeper.times.contains(next) { await Task.yield() }
        for _ in 0..<200 { await Task.yield() }
        #expect(bench.writes.calls.count == 1)
    }

    @Test func `A new definition asks nobody while a write of the old one is under way`() async throws {
        let (gate, new) = (Gate(), BrokerScript(.success(bench.opaque("new"))))
        bench.writes.then(.success(()), gate: gate)
        replace(profiles.profile("a", "1", gives: "old"))
        _ = try await profiles.token("a")
        await bench.writes.calls.first(1)
        let reads = bench.shared.calls.count
        replace(profiles.profile("a", "2", new))
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        let id = try #require(broker.profile(named: "a"))
        broker.token(id, deadline: bench.deadline) { answers.put($0) }
        for _ in 0..<100 { await Task.yield() }
        #expect(bench.shared.calls.count == reads && new.calls.count == 0)
        gate.open()
        #expect(try await answers.first(1)[0].get().entry.token.value == Secret("new"))
        await broker.drain(by: .distantFuture)
        #expect(bench.written.values.map(\.token) == [Secret("old"), Secret("new")])
    }
}
