import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

/// Callers that join a token refresh in progress, which then times out.
@Suite("A caller that joins a token refresh late", .timeLimit(.minutes(20))) struct TokenLateJoinTests {
    private let fixture = TokenFixture(isShared: false)

    @Test func `Calls the issuer once more if the first call timed out`() async throws {
        let (first, second) = (Gate(), Gate())
        let (leader, follower) = (
            Inbox<Result<ServedToken, UpstreamFault>>(), Inbox<Result<ServedToken, UpstreamFault>>()
        )
        fixture.issuer.then(.failure(UpstreamFault(.timedOut, upstream: .auth0)), gate: first)
        fixture.broker.token(fixture.profile, deadline: fixture.deadline) { leader.put($0) }
        await fixture.issuer.calls.first(1)
        fixture.sleeper.advance(by: .seconds(3))
        fixture.broker.token(fixture.profile, deadline: fixture.deadline) { follower.put($0) }
        fixture.sleeper.advance(by: .seconds(2))
        // The first call is stopped at its gate and has not taken its answer yet.
        fixture.issuer.then(
            .failure(UpstreamFault(.timedOut, upstream: .auth0)), .success(fixture.grant()), gate: second)
        first.open()
        let ended = await leader.first(1)[0]
        #expect(throws: UpstreamFault.self) { try ended.get() }
        await fixture.issuer.calls.first(2)
        #expect(follower.count == 0)
        second.open()
        #expect(try await follower.first(1)[0].get().entry.token.value == fixture.jwt("a", issued: fixture.now.wall))
    }
}
