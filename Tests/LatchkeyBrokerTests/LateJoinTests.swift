import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

/// Callers that join a read in progress, which then times out.
@Suite("A caller that joins a read late", .timeLimit(.minutes(20))) struct LateJoinTests {
    private let fixture = SecretFixture()
    private let timedOut = UpstreamFault(.timedOut, upstream: .parameterStore)
    private let leader = Inbox<Result<ServedSecret, UpstreamFault>>()
    private let follower = Inbox<Result<ServedSecret, UpstreamFault>>()

    private func ask(_ answers: Inbox<Result<ServedSecret, UpstreamFault>>, refresh: Bool = false) throws {
        try fixture.broker.item(fixture.query("A"), demand: refresh ? .forced : .cached, deadline: fixture.deadline) {
            answers.put($0)
        }
    }

    /// Starts a read, lets a second caller join it `seconds` later, and lets the read time out 5 s after its start.
    ///
    /// - Returns: the gate at which the next read stops.
    private func timeOut(joinedAfter seconds: Double, refresh: Bool = false) async throws -> Gate {
        let (first, second) = (Gate(), Gate())
        let before = fixture.store.calls.count
        fixture.store.stop(at: first)
        fixture.store.fail("*", timedOut)
        try ask(leader, refresh: refresh)
        await fixture.store.calls.first(before + 1)
        fixture.sleeper.advance(by: .seconds(seconds))
        try ask(follower, refresh: refresh)
        fixture.store.stop(at: second)
        fixture.sleeper.advance(by: .seconds(5 - seconds))
        first.open()
        await leader.first(1)
        return second
    }

    @Test(arguments: [0.6, 3.0, 4.9])
    func `Reads once more if the shared read times out before the caller has waited for the duration of one read`(
        seconds: Double
    )
        async throws
    {
        let next = try await timeOut(joinedAfter: seconds)
        #expect(throws: UpstreamFault.self) { try leader.values[0].get() }
        await fixture.store.calls.first(2)
        #expect(follower.count == 0, "the follower still waits")
        fixture.store.fail("*", nil)
        fixture.store.put("/app/dev/A", "1")
        next.open()
        #expect(try await follower.first(1)[0].get().entry.value.revealText() == "1")
        #expect(fixture.store.calls.count == 2)
    }

    @Test func `Shares the timeout of a read that it has waited for in full`() async throws {
        _ = try await timeOut(joinedAfter: 0.4)
        #expect(throws: UpstreamFault.self) { try leader.values[0].get() }
        let ended = await follower.first(1)[0]
        #expect(throws: UpstreamFault.self) { try ended.get() }
        #expect(fixture.store.calls.count == 1)
    }

    @Test func `Does not read a third time`() async throws {
        let next = try await timeOut(joinedAfter: 3)
        await fixture.store.calls.first(2)
        fixture.sleeper.advance(by: .seconds(4))
        next.open()
        let ended = await follower.first(1)[0]
        #expect(throws: UpstreamFault.self) { try ended.get() }
        #expect(fixture.store.calls.count == 2)
    }

    @Test func `Stops waiting at its own deadline while the second read continues`() async throws {
        let next = try await timeOut(joinedAfter: 3)
        await fixture.store.calls.first(2)
        fixture.sleeper.advance(by: .seconds(8))
        let ended = await follower.first(1)[0]
        #expect(throws: UpstreamFault(.timedOut)) { try ended.get() }
        next.open()
    }

    @Test func `Gets the cached value at once, together with the error`() async throws {
        fixture.store.put("/app/dev/A", "1")
        try ask(Inbox())
        await fixture.store.calls.first(1)
        await settle { (try? fixture.broker.cachedItem(fixture.query("A"), now: fixture.now)) != nil }
        fixture.sleeper.advance(by: .seconds(10))
        // A forced read joins another one within two seconds of its start; later it starts its own.
        _ = try await timeOut(joinedAfter: 1, refresh: true)
        let served = try await follower.first(1)[0].get()
        #expect(served.entry.value.revealText() == "1")
        #expect(served.refreshError?.reason == .timedOut)
        #expect(fixture.store.calls.count == 2)
    }
}
