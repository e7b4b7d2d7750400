import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import Testing

/// The decisions of a refresh, step by step.
@Suite("The steps of a refresh") struct TokenRefreshStateTests: TokenRefreshFixture {
    @Test func `After an empty shared tier the lease is claimed, and after a won claim the issuer is called`() {
        var refresh = refresh()
        #expect(refresh.begin(start).kind == .read)
        guard case .claim(let lease, let seen, let end) = refresh.read(SharedTokenSnapshot(), nil, start, jitter: 0)
        else {
            Issue.record("no claim")
            return
        }
        #expect(lease == Lease(holder: "me", until: start.wall + .seconds(5), after: 0))
        #expect(seen.leaseVersion == 0)
        #expect(end == start.monotonic + .milliseconds(500))
        #expect(refresh.claimed(true, start, jitter: 0).kind == .issue)
    }

    @Test func `Without a shared tier, the issuer is called at once`() {
        var refresh = refresh(isShared: false)
        #expect(refresh.begin(start).kind == .issue)
    }

    @Test func `A replica that loses the claim waits for the winner's token`() throws {
        var refresh = refresh()
        _ = refresh.read(SharedTokenSnapshot(), nil, start, jitter: 0)
        #expect(refresh.claimed(false, start, jitter: 0).kind == .pause)
        #expect(refresh.paused(at(0.2)).kind == .read)
        let found = SharedTokenSnapshot(version: 1, lease: lease(), leaseVersion: 1)
        #expect(refresh.read(found, .usable(try token()), at(0.3), jitter: 0).kind == .token)
    }

    @Test func `A replica waits for another's lease with growing delays`() {
        var refresh = refresh()
        let snapshot = SharedTokenSnapshot(lease: lease(), leaseVersion: 1)
        var lengths: [Duration] = []
        var time = 0.0
        while time < 4 {
            guard case .pause(let end) = refresh.read(snapshot, nil, at(time), jitter: 0.5) else { break }
            lengths.append(end - at(time).monotonic)
            time = Double((end - start.monotonic).clampedNanoseconds) / 1e9
        }
        #expect(lengths.first == .milliseconds(200))
        #expect(lengths.count >= 4)
        #expect(zip(lengths, lengths.dropFirst()).allSatisfy { $0 < $1 })
        #expect(lengths.allSatisfy { $0 <= .seconds(2) })
    }

    @Test func `A dead holder's lease is claimed when its time is up`() {
        var refresh = refresh()
        let snapshot = SharedTokenSnapshot(lease: lease(), leaseVersion: 7)
        #expect(refresh.read(snapshot, nil, at(0), jitter: 0).kind == .pause)
        guard case .claim(_, let seen, _) = refresh.read(snapshot, nil, at(5), jitter: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(seen.leaseVersion == 7)
    }

    @Test func `A lease with a wrong end delays no replica for longer than its length`() {
        var refresh = refresh()
        let slow = SharedTokenSnapshot(lease: lease(for: .seconds(8)), leaseVersion: 1)
        #expect(refresh.read(slow, nil, at(0), jitter: 0).kind == .pause)
        #expect(refresh.read(slow, nil, at(5), jitter: 0).kind == .claim)
        var other = self.refresh()
        let absurd = SharedTokenSnapshot(lease: lease(for: .seconds(3600)), leaseVersion: 1)
        #expect(other.read(absurd, nil, at(0), jitter: 0).kind == .claim)
    }

    @Test func `A replica waits for two leases without a token, and not for a third`() {
        var refresh = refresh()
        for (version, begin) in [(1, 0.0), (2, 4.0)] {
            let until = start.wall + .seconds(begin + 5)
            let snapshot = SharedTokenSnapshot(
                lease: Lease(holder: "h\(version)", until: until, after: 0), leaseVersion: Int64(version))
            #expect(refresh.read(snapshot, nil, at(begin), jitter: 0).kind == .pause)
        }
        let third = SharedTokenSnapshot(
            lease: Lease(holder: "h3", until: start.wall + .seconds(14), after: 0), leaseVersion: 3)
        #expect(refresh.read(third, nil, at(6), jitter: 0).kind == .claim)
        #expect(refresh.claimed(false, at(6), jitter: 0).kind == .issue, "nor for the replica that was quicker")
    }

    @Test func `Leases of concurrent claims count as one`() {
        var refresh = refresh()
        for version in 1...5 {
            let until = start.wall + .seconds(5) + .milliseconds(version * 100)
            let snapshot = SharedTokenSnapshot(
                lease: Lease(holder: "h\(version)", until: until, after: 0), leaseVersion: Int64(version))
            #expect(refresh.read(snapshot, nil, at(0.3 * Double(version)), jitter: 0).kind == .pause)
        }
    }

    @Test func `The wait for leases continues over several refreshes`() {
        var need = TokenRefresh.Need(.cold)
        need.deferral = TokenRefresh.Deferral(since: start.monotonic + .seconds(-9), leases: 2)
        var refresh = refresh(need)
        let snapshot = SharedTokenSnapshot(lease: lease(), leaseVersion: 7)
        #expect(refresh.read(snapshot, nil, start, jitter: 0).kind == .claim)
    }

    @Test func `A lease ends when its token is there with its expiry`() throws {
        let snapshot = SharedTokenSnapshot(version: 4, lease: lease(after: 3), leaseVersion: 9)
        var forced = refresh(TokenRefresh.Need(.forced))
        // The token is another one and does not expire later. A refresh was forced, and no replica is refreshing.
        let found = try token(lifetime: .seconds(100))
        #expect(forced.read(snapshot, .usable(found), start, jitter: 0).kind == .token)
        var cold = refresh()
        #expect(cold.read(snapshot, .expired, start, jitter: 0).kind == .pause)
    }

    @Test func `A lease that has ended does not prevent a forced refresh`() throws {
        var need = TokenRefresh.Need(.forced)
        need.current = try token("same")
        var refresh = refresh(need)
        let snapshot = SharedTokenSnapshot(version: 4, lease: lease(after: 3), leaseVersion: 9)
        #expect(refresh.read(snapshot, .usable(try token("same")), start, jitter: 0).kind == .claim)
    }

    @Test(arguments: [UpstreamFault.Reason.unavailable, .denied, .timedOut, .invalid])
    func `If the shared tier fails, the issuer is called at once`(_ reason: UpstreamFault.Reason) {
        var refresh = refresh()
        #expect(refresh.readFailed(UpstreamFault(reason), start, jitter: 0).kind == .issue)
    }

    @Test func `Throttling is waited out for a minute, over any number of refreshes`() {
        var refresh = refresh()
        #expect(refresh.readFailed(UpstreamFault(.throttled), start, jitter: 0).kind == .pause)
        guard case .done(let outcome) = refresh.readFailed(UpstreamFault(.throttled), at(9.9), jitter: 0) else {
            Issue.record("the refresh exceeds its deadline")
            return
        }
        #expect(outcome.deferral != nil)
        #expect(outcome.fault?.reason == .throttled)
        var need = TokenRefresh.Need(.cold)
        need.deferral = TokenRefresh.Deferral(since: start.monotonic + .seconds(-60))
        var late = self.refresh(need)
        #expect(late.readFailed(UpstreamFault(.throttled), start, jitter: 0).kind == .issue)
    }

    @Test func `A valid token that is shorter than requested is served instead of waiting`() throws {
        var refresh = refresh()
        let old = try token(lifetime: .seconds(5))
        let snapshot = SharedTokenSnapshot(version: 1, lease: lease(after: 1), leaseVersion: 1)
        guard case .done(let outcome) = refresh.read(snapshot, .usable(old), at(4.5), jitter: 0) else {
            Issue.record("it waits")
            return
        }
        #expect(outcome.token?.value == old.value)
        #expect(outcome.deferral != nil)
    }

    @Test func `A token without its expiry is written completely by a replica that finds it after its writer's lease`()
        throws
    {
        let pair = StoredToken(token: Secret("t"), expires: "")
        let lease = Lease(holder: "gone", until: start.wall + .seconds(5), after: 0)
        let snapshot = SharedTokenSnapshot(pair: pair, version: 1, lease: lease, leaseVersion: 1)
        let whole = StoredToken(token: Secret("t"), expires: String((start.wall + .seconds(3000)).milliseconds))
        func isTorn(_ pair: StoredToken, _ seconds: Double) throws -> Bool? {
            var refresh = refresh(TokenRefresh.Need(.cold))
            var snapshot = snapshot
            snapshot.pair = pair
            let step = refresh.read(snapshot, .usable(try token("t")), at(seconds), jitter: 0)
            guard case .done(let outcome) = step else { return nil }
            return outcome.isTorn
        }
        #expect(try isTorn(pair, 1) == false)
        #expect(try isTorn(pair, 5) == true)
        #expect(try isTorn(whole, 5) == false)
    }
}
