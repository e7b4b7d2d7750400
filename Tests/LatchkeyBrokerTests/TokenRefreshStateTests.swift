import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import Testing

/// A trip's decisions, step by step.
@Suite("One refresh of a token past memory") struct TokenRefreshStateTests: TripBench {
    @Test func `An empty shared tier is followed by a claim, a claim that is won by the issuer`() {
        var trip = trip()
        #expect(word(trip.begin(start)) == "read")
        guard case .claim(let lease, let seen, let end) = trip.read(SharedTokenSnapshot(), nil, start, chance: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(lease == Lease(holder: "me", until: start.wall + .seconds(5), after: 0))
        #expect(seen.leaseVersion == 0)
        #expect(end == start.monotonic + .milliseconds(500))
        #expect(word(trip.claimed(true, start, chance: 0)) == "issue")
    }

    @Test func `Without a shared tier the issuer is asked at once`() {
        var trip = trip(isShared: false)
        #expect(word(trip.begin(start)) == "issue")
    }

    @Test func `Whoever loses the claim looks for the winner's token`() throws {
        var trip = trip()
        _ = trip.read(SharedTokenSnapshot(), nil, start, chance: 0)
        #expect(word(trip.claimed(false, start, chance: 0)) == "pause")
        #expect(word(trip.paused(at(0.2))) == "read")
        let found = SharedTokenSnapshot(version: 1, lease: lease(), leaseVersion: 1)
        #expect(word(trip.read(found, .usable(try token()), at(0.3), chance: 0)) == "token")
    }

    @Test func `A living lease of another is waited for, at growing intervals`() {
        var trip = trip()
        let view = SharedTokenSnapshot(lease: lease(), leaseVersion: 1)
        var lengths: [Duration] = []
        var time = 0.0
        while time < 4 {
            guard case .pause(let end) = trip.read(view, nil, at(time), chance: 0.5) else { break }
            lengths.append(end - at(time).monotonic)
            time = Double((end - start.monotonic).clampedNanoseconds) / 1e9
        }
        #expect(lengths.first == .milliseconds(200))
        #expect(lengths.count >= 4)
        #expect(zip(lengths, lengths.dropFirst()).allSatisfy { $0 < $1 })
        #expect(lengths.allSatisfy { $0 <= .seconds(2) })
    }

    @Test func `A dead holder's lease is over when its time is up, and claimed on top of its version`() {
        var trip = trip()
        let view = SharedTokenSnapshot(lease: lease(), leaseVersion: 7)
        #expect(word(trip.read(view, nil, at(0), chance: 0)) == "pause")
        guard case .claim(_, let seen, _) = trip.read(view, nil, at(5), chance: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(seen.leaseVersion == 7)
    }

    @Test func `A lease by a clock that is wrong holds nobody up for longer than its length`() {
        var trip = trip()
        let slow = SharedTokenSnapshot(lease: lease(for: .seconds(8)), leaseVersion: 1)
        #expect(word(trip.read(slow, nil, at(0), chance: 0)) == "pause")
        #expect(word(trip.read(slow, nil, at(5), chance: 0)) == "claim")
        var other = self.trip()
        let absurd = SharedTokenSnapshot(lease: lease(for: .seconds(3600)), leaseVersion: 1)
        #expect(word(other.read(absurd, nil, at(0), chance: 0)) == "claim")
    }

    @Test func `Two leases that bring nothing are waited for, and a third is not`() {
        var trip = trip()
        for (version, begin) in [(1, 0.0), (2, 4.0)] {
            let until = start.wall + .seconds(begin + 5)
            let view = SharedTokenSnapshot(
                lease: Lease(holder: "h\(version)", until: until, after: 0), leaseVersion: Int64(version))
            #expect(word(trip.read(view, nil, at(begin), chance: 0)) == "pause")
        }
        let third = SharedTokenSnapshot(
            lease: Lease(holder: "h3", until: start.wall + .seconds(14), after: 0), leaseVersion: 3)
        #expect(word(trip.read(third, nil, at(6), chance: 0)) == "claim")
        #expect(word(trip.claimed(false, at(6), chance: 0)) == "issue", "nor is whoever was quicker")
    }

    @Test func `Claims that raced for a lease are one that is waited for`() {
        var trip = trip()
        for version in 1...5 {
            let until = start.wall + .seconds(5) + .milliseconds(version * 100)
            let view = SharedTokenSnapshot(
                lease: Lease(holder: "h\(version)", until: until, after: 0), leaseVersion: Int64(version))
            #expect(word(trip.read(view, nil, at(0.3 * Double(version)), chance: 0)) == "pause")
        }
    }

    @Test func `What was waited for is remembered over trips`() {
        var need = TokenRefresh.Need(.cold)
        need.deferral = TokenRefresh.Deferral(since: start.monotonic + .seconds(-9), leases: 2)
        var trip = trip(need)
        let view = SharedTokenSnapshot(lease: lease(), leaseVersion: 7)
        #expect(word(trip.read(view, nil, start, chance: 0)) == "claim")
    }

    @Test func `A lease whose token is there is spent, and not while its expiry is still to come`() throws {
        let view = SharedTokenSnapshot(version: 4, lease: lease(after: 3), leaseVersion: 9)
        var forced = trip(TokenRefresh.Need(.forced))
        // Another token than ours and no later one: a refresh was asked for, and nobody is on it.
        let found = try token(lifetime: .seconds(100))
        #expect(word(forced.read(view, .usable(found), start, chance: 0)) == "token")
        var cold = trip()
        #expect(word(cold.read(view, .expired, start, chance: 0)) == "pause")
    }

    @Test func `A forced refresh finds a spent lease no hindrance`() throws {
        var need = TokenRefresh.Need(.forced)
        need.current = try token("same")
        var trip = trip(need)
        let view = SharedTokenSnapshot(version: 4, lease: lease(after: 3), leaseVersion: 9)
        #expect(word(trip.read(view, .usable(try token("same")), start, chance: 0)) == "claim")
    }

    @Test(arguments: [UpstreamFault.Reason.unavailable, .denied, .timedOut, .invalid])
    func `A shared tier that fails leads straight to the issuer`(_ reason: UpstreamFault.Reason) {
        var trip = trip()
        #expect(word(trip.readFailed(UpstreamFault(reason), start, chance: 0)) == "issue")
    }

    @Test func `Throttling is waited out, for a minute over any number of trips`() {
        var trip = trip()
        #expect(word(trip.readFailed(UpstreamFault(.throttled), start, chance: 0)) == "pause")
        guard case .done(let outcome) = trip.readFailed(UpstreamFault(.throttled), at(9.9), chance: 0) else {
            Issue.record("the trip outlasts its deadline")
            return
        }
        #expect(outcome.deferral != nil)
        #expect(outcome.fault?.reason == .throttled)
        var need = TokenRefresh.Need(.cold)
        need.deferral = TokenRefresh.Deferral(since: start.monotonic + .seconds(-60))
        var impatient = self.trip(need)
        #expect(word(impatient.readFailed(UpstreamFault(.throttled), start, chance: 0)) == "issue")
    }

    @Test func `A valid token that is less than wished is served before anyone waits`() throws {
        var trip = trip()
        let old = try token(lifetime: .seconds(5))
        let view = SharedTokenSnapshot(version: 1, lease: lease(after: 1), leaseVersion: 1)
        guard case .done(let outcome) = trip.read(view, .usable(old), at(4.5), chance: 0) else {
            Issue.record("it waits")
            return
        }
        #expect(outcome.token?.value == old.value)
        #expect(outcome.deferral != nil)
    }

    @Test func `A token without its time is written whole by who meets it after its writer's lease`() throws {
        let pair = StoredToken(token: Secret("t"), expires: "")
        let lease = Lease(holder: "gone", until: start.wall + .seconds(5), after: 0)
        let view = SharedTokenSnapshot(pair: pair, version: 1, lease: lease, leaseVersion: 1)
        let whole = StoredToken(token: Secret("t"), expires: String((start.wall + .seconds(3000)).milliseconds))
        func isTorn(_ pair: StoredToken, _ seconds: Double) throws -> Bool? {
            var trip = trip(TokenRefresh.Need(.cold))
            var view = view
            view.pair = pair
            let step = trip.read(view, .usable(try token("t")), at(seconds), chance: 0)
            guard case .done(let outcome) = step else { return nil }
            return outcome.isTorn
        }
        #expect(try isTorn(pair, 1) == false)
        #expect(try isTorn(pair, 5) == true)
        #expect(try isTorn(whole, 5) == false)
    }
}
