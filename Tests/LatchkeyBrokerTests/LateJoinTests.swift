import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

/// Callers who join a fetch that is under way and then times out.
@Suite("A caller who joins late", .timeLimit(.minutes(1))) struct LateJoinTests {
    private let bench = SecretBench()
    private let timedOut = UpstreamFault(.timedOut, upstream: .parameterStore)
    private let leader = Inbox<Result<SecretBroker.Served, UpstreamFault>>()
    private let follower = Inbox<Result<SecretBroker.Served, UpstreamFault>>()

    private func ask(_ answers: Inbox<Result<SecretBroker.Served, UpstreamFault>>, refresh: Bool = false) throws {
        try bench.broker.item(bench.query("A"), demand: refresh ? .forced : .cached, deadline: bench.deadline) {
            answers.put($0)
        }
    }

    /// Starts a fetch, has a second caller join it `seconds` later, and lets it time out 5 s after its start.
    /// - Returns: the gate at which the next fetch stops.
    private func timeOut(joinedAfter seconds: Double, refresh: Bool = false) async throws -> Gate {
        let (first, second) = (Gate(), Gate())
        let before = bench.store.calls.count
        bench.store.stop(at: first)
        bench.store.fail("*", timedOut)
        try ask(leader, refresh: refresh)
        await bench.store.calls.first(before + 1)
        bench.sleeper.advance(by: .seconds(seconds))
        try ask(follower, refresh: refresh)
        bench.store.stop(at: second)
        bench.sleeper.advance(by: .seconds(5 - seconds))
        first.open()
        await leader.first(1)
        return second
    }

    @Test(arguments: [0.6, 3.0, 4.9])
    func `Asks once more when the shared call times out before the caller had one call's time`(seconds: Double)
        async throws
    {
        let next = try await timeOut(joinedAfter: seconds)
        #expect(throws: UpstreamFault.self) { try leader.values[0].get() }
        await bench.store.calls.first(2)
        #expect(follower.count == 0, "the follower still waits")
        bench.store.fail("*", nil)
        bench.store.put("/app/dev/A", "1")
        next.open()
        #expect(try await follower.first(1)[0].get().entry.value.revealText() == "1")
        #expect(bench.store.calls.count == 2)
    }

    @Test func `Shares the end of a call that it has waited for as long as a call may take`() async throws {
        _ = try await timeOut(joinedAfter: 0.4)
        #expect(throws: UpstreamFault.self) { try leader.values[0].get() }
        let ended = await follower.first(1)[0]
        #expect(throws: UpstreamFault.self) { try ended.get() }
        #expect(bench.store.calls.count == 1)
    }

    @Test func `Asks no third time`() async throws {
        let next = try await timeOut(joinedAfter: 3)
        await bench.store.calls.first(2)
        bench.sleeper.advance(by: .seconds(4))
        next.open()
        let ended = await follower.first(1)[0]
        #expect(throws: UpstreamFault.self) { try ended.get() }
        #expect(bench.store.calls.count == 2)
    }

    @Test func `Stops at its own deadline while the second call goes on`() async throws {
        let next = try await timeOut(joinedAfter: 3)
        await bench.store.calls.first(2)
        bench.sleeper.advance(by: .seconds(8))
        let ended = await follower.first(1)[0]
        #expect(throws: UpstreamFault(.timedOut)) { try ended.get() }
        next.open()
    }

    @Test func `Gets what memory has at once, with the failure beside it`() async throws {
        bench.store.put("/app/dev/A", "1")
        try ask(Inbox())
        await bench.store.calls.first(1)
        await settle { (try? bench.broker.cachedItem(bench.query("A"), now: bench.now)) != nil }
        bench.sleeper.advance(by: .seconds(10))
        // Within two seconds of a forced read another one joins it; later it starts a read of its own.
        _ = try await timeOut(joinedAfter: 1, refresh: true)
        let served = try await follower.first(1)[0].get()
        #expect(served.entry.value.revealText() == "1")
        #expect(served.refreshError?.reason == .timedOut)
        #expect(bench.store.calls.count == 2)
    }
}

/// The same for tokens.
@Suite(.timeLimit(.minutes(1))) struct `A caller who joins a token's flight late` {
    private let bench = TokenBench(isShared: false)

    @Test func `Asks once more when the issuer gave the first caller no answer in time`() async throws {
        let (first, second) = (Gate(), Gate())
        let (leader, follower) = (
            Inbox<Result<ServedToken, UpstreamFault>>(), Inbox<Result<ServedToken, UpstreamFault>>()
        )
        bench.issuer.then(.failure(UpstreamFault(.timedOut, upstream: .auth0)), gate: first)
        bench.broker.token(bench.profile, deadline: bench.deadline) { leader.put($0) }
        await bench.issuer.calls.first(1)
        bench.sleeper.advance(by: .seconds(3))
        bench.broker.token(bench.profile, deadline: bench.deadline) { follower.put($0) }
        bench.sleeper.advance(by: .seconds(2))
        // The first call has stopped at its gate and has not taken its answer yet.
        bench.issuer.then(
            .failure(UpstreamFault(.timedOut, upstream: .auth0)), .success(bench.grant()), gate: second)
        first.open()
        let ended = await leader.first(1)[0]
        #expect(throws: UpstreamFault.self) { try ended.get() }
        await bench.issuer.calls.first(2)
        #expect(follower.count == 0)
        second.open()
        #expect(try await follower.first(1)[0].get().entry.token.value == bench.jwt("a", issued: bench.now.wall))
    }
}
