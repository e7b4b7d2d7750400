import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import Testing

/// The claims that a refresh makes, and their results.
@Suite("Claims of the lease") struct LeaseClaimTests: TokenRefreshFixture {
    @Test func `A claim whose answer was lost is recognised by the next read`() {
        var refresh = refresh()
        _ = refresh.read(SharedTokenSnapshot(lease: nil, leaseVersion: 2), nil, start, jitter: 0)
        #expect(refresh.claimFailed(UpstreamFault(.unavailable), start, jitter: 0).kind == .pause)
        let ours = Lease(holder: "me", until: start.wall + .seconds(5), after: 0)
        #expect(refresh.read(SharedTokenSnapshot(lease: ours, leaseVersion: 3), nil, at(0.3), jitter: 0).kind == .issue)
    }

    @Test func `After a lost answer the stored lease decides; after a refused claim it does not`() {
        let ours = Lease(holder: "me", until: start.wall + .seconds(5), after: 0)
        let snapshot = SharedTokenSnapshot(lease: ours, leaseVersion: 2)
        func next(after answer: (inout TokenRefresh) -> TokenRefresh.Step) -> StepKind {
            var refresh = refresh()
            _ = refresh.read(SharedTokenSnapshot(), nil, start, jitter: 0)
            _ = answer(&refresh)
            return refresh.read(snapshot, nil, at(0.3), jitter: 0).kind
        }
        #expect(next { $0.claimFailed(UpstreamFault(.unavailable), start, jitter: 0) } == .issue)
        #expect(next { $0.claimed(false, start, jitter: 0) } == .pause)
    }

    @Test func `A claim may take half of the remaining lifetime of the token in memory, and 500 ms once callers wait`()
        throws
    {
        var need = TokenRefresh.Need(.ahead)
        need.current = try token(lifetime: .seconds(4))
        var ahead = refresh(need)
        guard case .claim(_, _, let end) = ahead.read(SharedTokenSnapshot(), nil, at(1), jitter: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(end == at(2.5).monotonic)
        #expect(ahead.claimFailed(UpstreamFault(.timedOut), at(2.5), jitter: 0).kind == .pause)
        guard case .claim(_, _, let late) = ahead.read(SharedTokenSnapshot(), nil, at(4), jitter: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(late == at(4.5).monotonic)
        #expect(ahead.claimFailed(UpstreamFault(.timedOut), at(4.5), jitter: 0).kind == .read)
    }

    @Test func `A replica that waits for another's token reads once more before its deadline`() {
        var refresh = refresh()
        let snapshot = SharedTokenSnapshot(lease: lease(for: .seconds(9)), leaseVersion: 1)
        for time in [0, 0.2, 0.6, 1.4] { _ = refresh.read(snapshot, nil, at(time), jitter: 0.5) }
        let second = SharedTokenSnapshot(
            lease: Lease(holder: "next", until: start.wall + .seconds(13), after: 0), leaseVersion: 2)
        guard case .pause(let end) = refresh.read(second, nil, at(8), jitter: 0.5) else {
            Issue.record("no pause")
            return
        }
        #expect(end == at(9).monotonic)
    }

    @Test(arguments: [("me", StepKind.issue), ("other", .pause)])
    func `After a claim that timed out, one read shows who holds the lease`(_ holder: String, _ next: StepKind) {
        var refresh = refresh()
        _ = refresh.read(SharedTokenSnapshot(), nil, start, jitter: 0)
        _ = refresh.claimFailed(UpstreamFault(.timedOut), at(0.5), jitter: 0)
        let standing = Lease(holder: holder, until: start.wall + .seconds(5), after: 0)
        #expect(
            refresh.read(SharedTokenSnapshot(lease: standing, leaseVersion: 1), nil, at(0.6), jitter: 0).kind == next)
    }

    @Test func `A slow claim is cut short while callers wait and may use the full timeout otherwise`() throws {
        var cold = refresh()
        _ = cold.read(SharedTokenSnapshot(), nil, start, jitter: 0)
        #expect(cold.claimFailed(UpstreamFault(.timedOut), at(0.5), jitter: 0).kind == .read)
        #expect(cold.read(SharedTokenSnapshot(), nil, at(0.5), jitter: 0).kind == .issue, "nobody holds it")
        var need = TokenRefresh.Need(.ahead)
        need.current = try token()
        var ahead = refresh(need)
        guard case .claim(_, _, let end) = ahead.read(SharedTokenSnapshot(), nil, start, jitter: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(end == start.monotonic + .seconds(5))
        #expect(ahead.claimFailed(UpstreamFault(.timedOut), at(5), jitter: 0).kind == .pause)
    }

    @Test(arguments: [UpstreamFault.Reason.denied, .invalid, .notReady])
    func `If leases cannot be written, each replica calls the issuer itself`(_ reason: UpstreamFault.Reason) {
        var refresh = refresh()
        _ = refresh.read(SharedTokenSnapshot(), nil, start, jitter: 0)
        #expect(refresh.claimFailed(UpstreamFault(reason), start, jitter: 0).kind == .issue)
    }

    @Test func `A throttled claim is retried twice, then the issuer is called without a lease`() {
        var refresh = refresh()
        for attempt in 1...3 {
            #expect(refresh.read(SharedTokenSnapshot(), nil, at(Double(attempt)), jitter: 0).kind == .claim)
            let next = refresh.claimFailed(UpstreamFault(.throttled), at(Double(attempt)), jitter: 0)
            #expect(next.kind == (attempt < 3 ? .pause : .issue))
        }
    }

    @Test func `A replica does not wait for its own lease of an earlier, failed refresh`() {
        var first = refresh()
        _ = first.read(SharedTokenSnapshot(), nil, start, jitter: 0)
        _ = first.claimed(true, start, jitter: 0)
        guard case .done(let outcome) = first.issueFailed(UpstreamFault(.unavailable), start) else { return }
        #expect(outcome.heldLeaseVersion == 1)
        var need = TokenRefresh.Need(.cold)
        need.ownLeaseVersion = outcome.heldLeaseVersion
        var next = refresh(need)
        let ours = Lease(holder: "me", until: start.wall + .seconds(5), after: 0)
        let snapshot = SharedTokenSnapshot(lease: ours, leaseVersion: 1)
        #expect(next.read(snapshot, nil, at(1), jitter: 0).kind == .claim)
        // Another replica has won the lease since, and our claim on top of it failed.
        var late = refresh(need)
        #expect(late.read(SharedTokenSnapshot(lease: ours, leaseVersion: 3), nil, at(1), jitter: 0).kind == .pause)
    }
}
