import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

@Suite("Profiles that change") struct ProfileChangeTests {
    let profiles = ProfileFixture()
    var fixture: TokenFixture { profiles.fixture }
    var broker: TokenBroker { profiles.broker }

    /// Replaces the profiles by the default profile and `others`.
    private func replace(_ others: TokenProfile...) {
        broker.replace(with: [profiles.profile("default", nil, issuing: "default")] + others)
    }

    @Test func `An unchanged profile keeps its token, and its issuer is not called again`() async throws {
        let issuer = BrokerScript(.success(fixture.opaque("a")))
        replace(profiles.profile("a", "1", issuer))
        #expect(try await profiles.token("a") == "a")
        replace(profiles.profile("b", "1", issuing: "b"), profiles.profile("a", "1", issuer))
        #expect(profiles.cached("a") == "a")
        #expect(try await profiles.token("b") == "b")
        #expect(issuer.calls.count == 1)
        #expect(broker.snapshot().map(\.name) == ["default", "b", "a"])
    }

    @Test func `A redefined profile serves no token of the old definition`() async throws {
        replace(profiles.profile("a", "1", issuing: "old"))
        let before = try #require(broker.profile(named: "a"))
        let old = try await broker.token(before, deadline: fixture.deadline).entry
        replace(profiles.profile("a", "2", issuing: "new"))
        #expect(broker.cached(before, now: fixture.now) == nil)
        #expect(profiles.cached("a") == nil)
        #expect(fixture.metric(#"latchkey_token_expiry_timestamp_seconds{profile="a"}"#) == 0)
        // A caller with the old id is served by the name of the profile.
        let served = try await broker.token(before, deadline: fixture.deadline)
        #expect(served.entry.token.value == Secret("new"))
        // Endpoints cache what they rendered under these two.
        #expect(broker.profile(named: "a")?.index == before.index && served.entry.version != old.version)
    }

    @Test func `A caller that did not name the profile is told that it has changed`() async throws {
        replace(profiles.profile("a", "1", issuing: "old"))
        let before = try #require(broker.profile(named: "a"))
        replace(profiles.profile("a", "2", issuing: "new"))
        await #expect(throws: UpstreamFault.profileChanged) {
            try await broker.token(before, TokenDemand(isByName: false), deadline: fixture.deadline)
        }
    }

    @Test func `Callers of a refresh in progress get a token of the new definition`() async throws {
        let (gate, old) = (Gate(), BrokerScript<TokenResponse>())
        old.then(.success(fixture.opaque("old")), gate: gate)
        replace(profiles.profile("a", "1", old))
        let id = try #require(broker.profile(named: "a"))
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        for _ in 0..<50 { broker.token(id, deadline: fixture.deadline) { answers.put($0) } }
        await old.calls.first(1)
        let new = BrokerScript(.success(fixture.opaque("new")))
        replace(profiles.profile("a", "2", new))
        let got = await answers.first(50)
        #expect(got.allSatisfy { (try? $0.get().entry.token.value) == Secret("new") })
        gate.open()
        // The token of the old refresh is dropped whenever it arrives.
        for _ in 0..<100 {
            await Task.yield()
            #expect(profiles.cached("a") == "new")
        }
        #expect(answers.count == 50 && new.calls.count == 1)
        #expect(fixture.metric(#"latchkey_token_refreshes_total{profile="a",reason="cold",outcome="success"}"#) == 1)
    }

    @Test func `Callers of a removed profile are told at once, and its metrics disappear`() async throws {
        let (gate, old) = (Gate(), BrokerScript<TokenResponse>())
        replace(profiles.profile("b", "1", issuing: "b"))
        _ = try await profiles.token("b")
        let series = #"latchkey_token_refreshes_total{profile="b",reason="cold",outcome="success"}"#
        #expect(fixture.metric(series) == 1)
        old.then(.success(fixture.opaque("old")), gate: gate)
        replace(profiles.profile("b", "2", old))
        let id = try #require(broker.profile(named: "b"))
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        broker.token(id, deadline: fixture.deadline) { answers.put($0) }
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
        replace(profiles.profile("b", "2", issuing: "again"))
        #expect(try await profiles.token("b") == "again")
        #expect(fixture.metric(series) == 1)
        #expect(try await broker.token(id, deadline: fixture.deadline).entry.token.value == Secret("again"))
    }

    @Test func `A failure of the old definition's issuer does not affect the tier`() async throws {
        let (gate, old) = (Gate(), BrokerScript<TokenResponse>())
        old.then(.failure(UpstreamFault(.timedOut, upstream: .auth0)), gate: gate)
        replace(profiles.profile("a", "1", old))
        let id = try #require(broker.profile(named: "a"))
        broker.token(id, deadline: fixture.deadline) { _ in }
        await old.calls.first(1)
        replace(profiles.profile("a", "2", issuing: "new"))
        #expect(try await profiles.token("a") == "new")
        gate.open()
        for _ in 0..<100 { await Task.yield() }
        #expect(fixture.health.status(.auth0).state == .ok && fixture.log.lines(.warning).isEmpty)
    }

    @Test func `A changed way to get the same tokens drops failures and keeps tokens`() async throws {
        let refused = BrokerScript<TokenResponse>(.failure(UpstreamFault(.denied, upstream: .auth0)))
        replace(profiles.profile("a", "1", revision: 1, refused), profiles.profile("b", "1", issuing: "b"))
        await #expect(throws: UpstreamFault.self) { try await profiles.token("a") }
        _ = try await profiles.token("b")
        replace(
            profiles.profile("a", "1", revision: 2, issuing: "a"),
            profiles.profile("b", "1", revision: 2, issuing: "another"))
        #expect(try await profiles.token("a") == "a")
        #expect(profiles.cached("b") == "b")
        let id = try #require(broker.profile(named: "b"))
        let forced = try await broker.token(id, TokenDemand(refresh: true), deadline: fixture.deadline)
        #expect(forced.entry.token.value == Secret("another"))
    }
}
