import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

/// When the cause of a pause ends, what waited for it goes on.
@Suite struct RecoveryTests: TripBench {
    let down = UpstreamFault(.unavailable, upstream: .parameterStore, code: "connect_failed")

    /// A bench whose item A has failed so often that its pause is the longest.
    private func failing(_ fault: UpstreamFault) async throws -> SecretBench {
        let bench = SecretBench()
        bench.store.fail("*", fault)
        for _ in 0..<4 {
            bench.sleeper.advance(by: .seconds(5))
            await #expect(throws: UpstreamFault.self) { try await item("A", bench) }
        }
        bench.sleeper.advance(by: .milliseconds(1))
        bench.store.fail("*", nil)
        bench.store.put("/app/dev/A", "1")
        return bench
    }

    @discardableResult
    private func item(_ key: String, _ bench: SecretBench, _ demand: SecretDemand = .cached) async throws -> String? {
        try await bench.broker.item(bench.query(key), demand: demand, deadline: bench.deadline).entry.value.revealText()
    }

    @Test(arguments: [UpstreamFault.Reason.unavailable, .timedOut, .notReady])
    func `A secret that could not be had is asked for as soon as its store answers`(
        reason: UpstreamFault.Reason
    ) async throws {
        let bench = try await failing(UpstreamFault(reason, upstream: .parameterStore))
        await #expect(throws: UpstreamFault.self) { try await item("A", bench) }
        _ = try? await item("secrets", bench, .look(maximumAge: .zero))
        #expect(try await item("A", bench) == "1")
    }

    @Test(arguments: [UpstreamFault.Reason.throttled, .denied])
    func `What the store said of one secret stays when it answers another`(reason: UpstreamFault.Reason) async throws {
        let bench = try await failing(UpstreamFault(reason, upstream: .parameterStore, retryAfter: .seconds(20)))
        bench.health.failed(.parameterStore, down, at: bench.now)
        _ = try? await item("secrets", bench, .look(maximumAge: .zero))
        #expect(bench.health.status(.parameterStore).state == .ok)
        await #expect(throws: UpstreamFault.self) { try await item("A", bench) }
    }

    @Test func `One secret that fails by itself in a store that answers is not asked for oftener than once more`()
        async throws
    {
        let bench = SecretBench()
        bench.store.fail("/app/dev/A", down)
        bench.store.put("/app/dev/B", "1")
        for _ in 0..<100 {
            await #expect(throws: UpstreamFault.self) { try await item("A", bench) }
            bench.sleeper.advance(by: .milliseconds(1))
            try await item("B", bench, .reread)
            bench.sleeper.advance(by: .milliseconds(1))
        }
        #expect(bench.store.calls.values.filter { $0 == "/app/dev/A" }.count == 2)
    }

    @Test(arguments: [Upstream.parameterStore, .credentials])
    func `A refresh that waited for credentials goes on as soon as their store answers`(cause: Upstream) async throws {
        let bench = TokenBench(isShared: false)
        bench.issuer.then(.failure(UpstreamFault(.unavailable, upstream: cause)))
        bench.health.failed(.parameterStore, down, at: bench.now)
        for _ in 0..<4 {
            bench.sleeper.advance(by: .seconds(5))
            await #expect(throws: UpstreamFault.self) { try await bench.token() }
        }
        bench.issuer.then(.success(bench.grant()))
        bench.sleeper.advance(by: .milliseconds(1))
        await #expect(throws: UpstreamFault.self, "the pause") { try await bench.token() }
        #expect(bench.health.status(.auth0).state == .unknown, "nobody asked the issuer")
        bench.health.failed(.oauth2, down, at: bench.now)
        bench.health.succeeded(.oauth2, at: bench.now)
        await #expect(throws: UpstreamFault.self, "another tier") { try await bench.token() }
        bench.health.succeeded(.parameterStore, at: bench.now)
        #expect(try await bench.token().tier == .auth0)
    }

    @Test func `A valid token is replaced as soon as the cause of the delay ends`() async throws {
        let bench = TokenBench(isShared: false)
        bench.issuer.then(.success(bench.grant()))
        _ = try await bench.token()
        bench.sleeper.advance(by: .seconds(3500))
        bench.issuer.then(.failure(down))
        bench.health.failed(.parameterStore, down, at: bench.now)
        while bench.issuer.calls.count < 2 {
            _ = bench.cached()
            await Task.yield()
        }
        func isRefreshing() -> Bool { bench.broker.snapshot().contains { $0.isRefreshing } }
        while isRefreshing() { await Task.yield() }
        bench.issuer.then(.success(bench.grant("next")))
        bench.sleeper.advance(by: .milliseconds(1))
        _ = bench.cached()
        #expect(!isRefreshing(), "the pause")
        bench.health.succeeded(.parameterStore, at: bench.now)
        _ = bench.cached()
        await bench.issuer.calls.first(3)
    }

    @Test func `When the shared tier is back a sibling's token is looked for at once, and the issuer's wish is kept`()
        async throws
    {
        let bench = TokenBench()
        bench.shared.then(.failure(down))
        bench.issuer.then(.failure(UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(600))))
        await #expect(throws: UpstreamFault.self) { try await bench.token() }
        bench.sleeper.advance(by: .milliseconds(1))
        bench.shared.then(.success(bench.stored(bench.jwt())))
        bench.health.succeeded(.parameterStore, at: bench.now)
        #expect(try await bench.token().tier == .parameterStore)
        #expect(bench.issuer.calls.count == 1)
    }

    @Test func `A token that could not be shared is written as soon as the tier answers`() async throws {
        let bench = TokenBench()
        bench.issuer.then(.success(bench.grant()))
        bench.writes.then(.failure(down), .success(()))
        _ = try await bench.token()
        let next = bench.now.monotonic + .seconds(1)
        while !bench.sleeper.times.contains(next) { await Task.yield() }
        bench.health.failed(.parameterStore, down, at: bench.now)
        bench.health.succeeded(.parameterStore, at: bench.now)
        await bench.written.first(1)
        #expect(bench.writes.calls.count == 2)
    }

    // MARK: Our own lease

    private func ours(purpose: Lease.Purpose = .refresh) -> Lease {
        Lease(holder: "me", until: start.wall + .seconds(5), after: 0, purpose: purpose)
    }

    @Test func `Once memory was cleared our own lease is not waited for, and another's is`() {
        var need = TokenRefresh.Need(.cold)
        need.isCleared = true
        func next(_ lease: Lease) -> String {
            var trip = trip(need)
            return word(trip.read(SharedTokenSnapshot(lease: lease, leaseVersion: 3), nil, at(0.1), chance: 0))
        }
        #expect(next(ours()) == "claim")
        #expect(next(lease()) == "pause")
        #expect(next(ours(purpose: .rest)) == "failed", "the issuer's wish")
    }

    @Test func `However a trip ends it tells which lease it held`() throws {
        func ended(_ end: (inout TokenRefresh) -> TokenRefresh.Step) -> Int64? {
            var trip = trip()
            _ = trip.read(SharedTokenSnapshot(leaseVersion: 6), nil, start, chance: 0)
            _ = trip.claimed(true, start, chance: 0)
            guard case .done(let outcome) = end(&trip) else { return nil }
            return outcome.heldLease
        }
        let token = try token()
        let held = [
            ended { $0.cancelled() }, ended { $0.issueFailed(UpstreamFault(.unavailable), start) },
            ended { $0.issued(token, start) },
        ]
        #expect(held == [7, 7, 7])
    }

    @Test func `The next trip knows our last lease, whatever came of it, and whichever trip ends first`() throws {
        var state = ProfileState()
        func outcome(_ need: TokenRefresh.Need, held: Int64?, _ token: AccessToken? = nil) -> TokenRefresh.Outcome {
            var outcome = TokenRefresh.Outcome(token: token, fault: token == nil ? UpstreamFault(.unavailable) : nil)
            outcome.trip = need.trip
            outcome.heldLease = held
            return outcome
        }
        let first = state.need(.cold, minTTL: nil, start)
        #expect(!first.isCleared)
        state.clear()
        let second = state.need(.cold, minTTL: nil, start)
        #expect(second.isCleared)
        _ = state.land(outcome(second, held: 4, try token()), .cold, start, chance: 0)
        _ = state.land(outcome(first, held: 3), .cold, start, chance: 0)
        let third = state.need(.cold, minTTL: nil, start)
        #expect(third.ownLease == 4 && !third.isCleared)
        _ = state.land(outcome(third, held: nil), .cold, start, chance: 0)
        #expect(state.need(.cold, minTTL: nil, start).ownLease == 4)
    }

    @Test func `After a clear a write of our own that is under way is waited for, and not for long`() async throws {
        let bench = TokenBench()
        let gate = Gate()
        bench.issuer.then(.success(bench.grant()))
        bench.writes.then(.success(()), gate: gate)
        _ = try await bench.token()
        await bench.writes.calls.first(1)
        bench.broker.clear()
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        bench.broker.token(bench.profile, deadline: bench.deadline) { answers.put($0) }
        let end = bench.now.monotonic + .milliseconds(500)
        while !bench.sleeper.times.contains(end) { await Task.yield() }
        #expect(bench.shared.calls.count == 1, "it has not looked yet")
        bench.sleeper.advance(by: .milliseconds(500))
        #expect(try await answers.first(1)[0].get().tier == .auth0)
        gate.open()
    }
}
