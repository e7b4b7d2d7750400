import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

/// When the cause of a backoff ends, the backoff ends too.
@Suite struct RecoveryTests: TokenRefreshFixture {
    let down = UpstreamFault(.unavailable, upstream: .parameterStore, code: "connect_failed")

    /// A fixture whose item A has failed so often that its backoff has the maximum length.
    private func failing(_ fault: UpstreamFault) async throws -> SecretFixture {
        let fixture = SecretFixture()
        fixture.store.fail("*", fault)
        for _ in 0..<4 {
            fixture.sleeper.advance(by: .seconds(5))
            await #expect(throws: UpstreamFault.self) { try await item("A", fixture) }
        }
        fixture.sleeper.advance(by: .milliseconds(1))
        fixture.store.fail("*", nil)
        fixture.store.put("/app/dev/A", "1")
        return fixture
    }

    @discardableResult
    private func item(_ key: String, _ fixture: SecretFixture, _ demand: SecretDemand = .cached) async throws -> String?
    {
        try await fixture.broker.item(fixture.query(key), demand: demand, deadline: fixture.deadline).entry.value
            .revealText()
    }

    @Test(arguments: [UpstreamFault.Reason.unavailable, .timedOut, .notReady])
    func `A secret that could not be read is read as soon as its store recovers`(
        reason: UpstreamFault.Reason
    ) async throws {
        let fixture = try await failing(UpstreamFault(reason, upstream: .parameterStore))
        await #expect(throws: UpstreamFault.self) { try await item("A", fixture) }
        _ = try? await item("secrets", fixture, .recent(maximumAge: .zero))
        #expect(try await item("A", fixture) == "1")
    }

    @Test(arguments: [UpstreamFault.Reason.throttled, .denied])
    func `The backoff after an answer about one secret continues when the store answers for another`(
        reason: UpstreamFault.Reason
    ) async throws {
        let fixture = try await failing(UpstreamFault(reason, upstream: .parameterStore, retryAfter: .seconds(20)))
        fixture.health.failed(.parameterStore, down, at: fixture.now)
        _ = try? await item("secrets", fixture, .recent(maximumAge: .zero))
        #expect(fixture.health.status(.parameterStore).state == .ok)
        await #expect(throws: UpstreamFault.self) { try await item("A", fixture) }
    }

    @Test func `A secret that fails on its own in a healthy store is retried early only once`()
        async throws
    {
        let fixture = SecretFixture()
        fixture.store.fail("/app/dev/A", down)
        fixture.store.put("/app/dev/B", "1")
        for _ in 0..<100 {
            await #expect(throws: UpstreamFault.self) { try await item("A", fixture) }
            fixture.sleeper.advance(by: .milliseconds(1))
            try await item("B", fixture, .reread)
            fixture.sleeper.advance(by: .milliseconds(1))
        }
        #expect(fixture.store.calls.values.filter { $0 == "/app/dev/A" }.count == 2)
    }

    @Test(arguments: [Upstream.parameterStore, .credentials])
    func `A refresh that lacked credentials is retried as soon as their store recovers`(cause: Upstream) async throws {
        let fixture = TokenFixture(isShared: false)
        fixture.issuer.then(.failure(UpstreamFault(.unavailable, upstream: cause)))
        fixture.health.failed(.parameterStore, down, at: fixture.now)
        for _ in 0..<4 {
            fixture.sleeper.advance(by: .seconds(5))
            await #expect(throws: UpstreamFault.self) { try await fixture.token() }
        }
        fixture.issuer.then(.success(fixture.grant()))
        fixture.sleeper.advance(by: .milliseconds(1))
        await #expect(throws: UpstreamFault.self, "the backoff") { try await fixture.token() }
        #expect(fixture.health.status(.auth0).state == .unknown, "the issuer was not called")
        fixture.health.failed(.oauth2, down, at: fixture.now)
        fixture.health.succeeded(.oauth2, at: fixture.now)
        await #expect(throws: UpstreamFault.self, "another tier") { try await fixture.token() }
        fixture.health.succeeded(.parameterStore, at: fixture.now)
        #expect(try await fixture.token().tier == .auth0)
    }

    @Test func `A valid token is refreshed as soon as the cause of the backoff ends`() async throws {
        let fixture = TokenFixture(isShared: false)
        fixture.issuer.then(.success(fixture.grant()))
        _ = try await fixture.token()
        fixture.sleeper.advance(by: .seconds(3500))
        fixture.issuer.then(.failure(down))
        fixture.health.failed(.parameterStore, down, at: fixture.now)
        while fixture.issuer.calls.count < 2 {
            _ = fixture.cached()
            await Task.yield()
        }
        func isRefreshing() -> Bool { fixture.broker.snapshot().contains { $0.isRefreshing } }
        while isRefreshing() { await Task.yield() }
        fixture.issuer.then(.success(fixture.grant("next")))
        fixture.sleeper.advance(by: .milliseconds(1))
        _ = fixture.cached()
        #expect(!isRefreshing(), "the backoff")
        fixture.health.succeeded(.parameterStore, at: fixture.now)
        _ = fixture.cached()
        await fixture.issuer.calls.first(3)
    }

    @Test func `When the shared tier recovers, it is read at once, and the issuer's backoff continues`()
        async throws
    {
        let fixture = TokenFixture()
        fixture.shared.then(.failure(down))
        fixture.issuer.then(.failure(UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(600))))
        await #expect(throws: UpstreamFault.self) { try await fixture.token() }
        fixture.sleeper.advance(by: .milliseconds(1))
        fixture.shared.then(.success(fixture.stored(fixture.jwt())))
        fixture.health.succeeded(.parameterStore, at: fixture.now)
        #expect(try await fixture.token().tier == .parameterStore)
        #expect(fixture.issuer.calls.count == 1)
    }

    @Test func `A token that could not be written is written as soon as the tier recovers`() async throws {
        let fixture = TokenFixture()
        fixture.issuer.then(.success(fixture.grant()))
        fixture.writes.then(.failure(down), .success(()))
        _ = try await fixture.token()
        let next = fixture.now.monotonic + .seconds(1)
        while !fixture.sleeper.times.contains(next) { await Task.yield() }
        fixture.health.failed(.parameterStore, down, at: fixture.now)
        fixture.health.succeeded(.parameterStore, at: fixture.now)
        await fixture.written.first(1)
        #expect(fixture.writes.calls.count == 2)
    }

    // MARK: This replica's own lease

    private func ours(purpose: Lease.Purpose = .refresh) -> Lease {
        Lease(holder: "me", until: start.wall + .seconds(5), after: 0, purpose: purpose)
    }

    @Test func `After a clear, a replica does not wait for its own lease, but for another replica's`() {
        var need = TokenRefresh.Need(.cold)
        need.isCleared = true
        func next(_ lease: Lease) -> StepKind {
            var refresh = refresh(need)
            return refresh.read(SharedTokenSnapshot(lease: lease, leaseVersion: 3), nil, at(0.1), jitter: 0).kind
        }
        #expect(next(ours()) == .claim)
        #expect(next(lease()) == .pause)
        #expect(next(ours(purpose: .issuerBackoff)) == .failed, "the issuer's backoff")
    }

    @Test func `However a refresh ends, its outcome says which lease it held`() throws {
        func ended(_ end: (inout TokenRefresh) -> TokenRefresh.Step) -> Int64? {
            var refresh = refresh()
            _ = refresh.read(SharedTokenSnapshot(leaseVersion: 6), nil, start, jitter: 0)
            _ = refresh.claimed(true, start, jitter: 0)
            guard case .done(let outcome) = end(&refresh) else { return nil }
            return outcome.heldLeaseVersion
        }
        let token = try token()
        let held = [
            ended { $0.cancelled() }, ended { $0.issueFailed(UpstreamFault(.unavailable), start) },
            ended { $0.issued(token, start) },
        ]
        #expect(held == [7, 7, 7])
    }

    @Test func `The next refresh knows this replica's last lease, whichever refresh ended first`() throws {
        var state = ProfileState()
        func outcome(_ need: TokenRefresh.Need, held: Int64?, _ token: AccessToken? = nil) -> TokenRefresh.Outcome {
            var outcome = TokenRefresh.Outcome(token: token, fault: token == nil ? UpstreamFault(.unavailable) : nil)
            outcome.sequence = need.sequence
            outcome.heldLeaseVersion = held
            return outcome
        }
        let first = state.need(.cold, minTTL: nil, start)
        #expect(!first.isCleared)
        state.clear()
        let second = state.need(.cold, minTTL: nil, start)
        #expect(second.isCleared)
        _ = state.apply(outcome(second, held: 4, try token()), .cold, start, jitter: 0)
        _ = state.apply(outcome(first, held: 3), .cold, start, jitter: 0)
        let third = state.need(.cold, minTTL: nil, start)
        #expect(third.ownLeaseVersion == 4 && !third.isCleared)
        _ = state.apply(outcome(third, held: nil), .cold, start, jitter: 0)
        #expect(state.need(.cold, minTTL: nil, start).ownLeaseVersion == 4)
    }

    @Test func `A refresh after a clear waits for a write in progress for 500 ms at most`() async throws {
        let fixture = TokenFixture()
        let gate = Gate()
        fixture.issuer.then(.success(fixture.grant()))
        fixture.writes.then(.success(()), gate: gate)
        _ = try await fixture.token()
        await fixture.writes.calls.first(1)
        fixture.broker.clear()
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        fixture.broker.token(fixture.profile, deadline: fixture.deadline) { answers.put($0) }
        let end = fixture.now.monotonic + .milliseconds(500)
        while !fixture.sleeper.times.contains(end) { await Task.yield() }
        #expect(fixture.shared.calls.count == 1, "it has not looked yet")
        fixture.sleeper.advance(by: .milliseconds(500))
        #expect(try await answers.first(1)[0].get().tier == .auth0)
        gate.open()
    }
}
