import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import Testing

/// What becomes of a trip's own claims to the lease.
@Suite struct `A claim to the lease`: TripBench {
    @Test func `A claim whose answer was lost is known again`() {
        var trip = trip()
        _ = trip.read(SharedTokenSnapshot(lease: nil, leaseVersion: 2), nil, start, chance: 0)
        #expect(word(trip.claimFailed(UpstreamFault(.unavailable), start, chance: 0)) == "pause")
        let ours = Lease(holder: "me", until: start.wall + .seconds(5), after: 0)
        #expect(word(trip.read(SharedTokenSnapshot(lease: ours, leaseVersion: 3), nil, at(0.3), chance: 0)) == "issue")
    }

    @Test func `Of claims whose answers were lost the one that stands is won, and one known to be lost is not`() {
        let ours = Lease(holder: "me", until: start.wall + .seconds(5), after: 0)
        let view = SharedTokenSnapshot(lease: ours, leaseVersion: 2)
        func next(after answer: (inout TokenRefresh) -> TokenRefresh.Step) -> String {
            var trip = trip()
            _ = trip.read(SharedTokenSnapshot(), nil, start, chance: 0)
            _ = answer(&trip)
            return word(trip.read(view, nil, at(0.3), chance: 0))
        }
        #expect(next { $0.claimFailed(UpstreamFault(.unavailable), start, chance: 0) } == "issue")
        #expect(next { $0.claimed(false, start, chance: 0) } == "pause")
    }

    @Test func `A claim may take half of what the token in memory has left, and no caller's time after that`() throws {
        var need = TokenRefresh.Need(.ahead)
        need.current = try token(lifetime: .seconds(4))
        var ahead = trip(need)
        guard case .claim(_, _, let end) = ahead.read(SharedTokenSnapshot(), nil, at(1), chance: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(end == at(2.5).monotonic)
        #expect(word(ahead.claimFailed(UpstreamFault(.timedOut), at(2.5), chance: 0)) == "pause")
        guard case .claim(_, _, let late) = ahead.read(SharedTokenSnapshot(), nil, at(4), chance: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(late == at(4.5).monotonic)
        #expect(word(ahead.claimFailed(UpstreamFault(.timedOut), at(4.5), chance: 0)) == "read")
    }

    @Test func `Whoever waits for another's token looks again before its own time is up`() {
        var trip = trip()
        let view = SharedTokenSnapshot(lease: lease(for: .seconds(9)), leaseVersion: 1)
        for time in [0, 0.2, 0.6, 1.4] { _ = trip.read(view, nil, at(time), chance: 0.5) }
        let second = SharedTokenSnapshot(
            lease: Lease(holder: "next", until: start.wall + .seconds(13), after: 0), leaseVersion: 2)
        guard case .pause(let end) = trip.read(second, nil, at(8), chance: 0.5) else {
            Issue.record("no pause")
            return
        }
        #expect(end == at(9).monotonic)
    }

    @Test(arguments: [("me", "issue"), ("other", "pause")])
    func `Of a claim that had its time without an answer one look tells who has it`(_ holder: String, _ next: String) {
        var trip = trip()
        _ = trip.read(SharedTokenSnapshot(), nil, start, chance: 0)
        _ = trip.claimFailed(UpstreamFault(.timedOut), at(0.5), chance: 0)
        let standing = Lease(holder: holder, until: start.wall + .seconds(5), after: 0)
        #expect(word(trip.read(SharedTokenSnapshot(lease: standing, leaseVersion: 1), nil, at(0.6), chance: 0)) == next)
    }

    @Test func `A claim that takes its time delays no caller, and may take it while nobody waits`() throws {
        var cold = trip()
        _ = cold.read(SharedTokenSnapshot(), nil, start, chance: 0)
        #expect(word(cold.claimFailed(UpstreamFault(.timedOut), at(0.5), chance: 0)) == "read")
        #expect(word(cold.read(SharedTokenSnapshot(), nil, at(0.5), chance: 0)) == "issue", "nobody holds it")
        var need = TokenRefresh.Need(.ahead)
        need.current = try token()
        var ahead = trip(need)
        guard case .claim(_, _, let end) = ahead.read(SharedTokenSnapshot(), nil, start, chance: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(end == start.monotonic + .seconds(5))
        #expect(word(ahead.claimFailed(UpstreamFault(.timedOut), at(5), chance: 0)) == "pause")
    }

    @Test(arguments: [UpstreamFault.Reason.denied, .invalid, .notReady])
    func `Where leases cannot be written everyone asks for himself`(_ reason: UpstreamFault.Reason) {
        var trip = trip()
        _ = trip.read(SharedTokenSnapshot(), nil, start, chance: 0)
        #expect(word(trip.claimFailed(UpstreamFault(reason), start, chance: 0)) == "issue")
    }

    @Test func `A throttled claim is tried again, and after the third the issuer is asked all the same`() {
        var trip = trip()
        for attempt in 1...3 {
            #expect(word(trip.read(SharedTokenSnapshot(), nil, at(Double(attempt)), chance: 0)) == "claim")
            let next = trip.claimFailed(UpstreamFault(.throttled), at(Double(attempt)), chance: 0)
            #expect(word(next) == (attempt < 3 ? "pause" : "issue"))
        }
    }

    @Test func `Our own lease of an attempt that failed is no hindrance to the next one`() {
        var first = trip()
        _ = first.read(SharedTokenSnapshot(), nil, start, chance: 0)
        _ = first.claimed(true, start, chance: 0)
        guard case .done(let outcome) = first.issueFailed(UpstreamFault(.unavailable), start) else { return }
        #expect(outcome.heldLease == 1)
        var need = TokenRefresh.Need(.cold)
        need.ownLease = outcome.heldLease
        var next = trip(need)
        let ours = Lease(holder: "me", until: start.wall + .seconds(5), after: 0)
        let view = SharedTokenSnapshot(lease: ours, leaseVersion: 1)
        #expect(word(next.read(view, nil, at(1), chance: 0)) == "claim")
        // Somebody else has won the lease since, and we have written over it in vain.
        var late = trip(need)
        #expect(word(late.read(SharedTokenSnapshot(lease: ours, leaseVersion: 3), nil, at(1), chance: 0)) == "pause")
    }
}
