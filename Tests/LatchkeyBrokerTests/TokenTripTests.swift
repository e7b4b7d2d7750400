import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import Testing

/// A trip's decisions, step by step, on a clock that stands where the test puts it.
@Suite struct `One trip past memory` {
    private let start = Now(monotonic: MonotonicTime(nanoseconds: 0), wall: WallTime(milliseconds: 1_700_000_000_000))
    private let buffer = ExpiryBuffer()

    private func trip(_ need: TokenTrip.Need = TokenTrip.Need(.cold), isShared: Bool = true) -> TokenTrip {
        TokenTrip(
            need, limits: TokenTrip.Limits(), buffer: buffer, holder: "me", isShared: isShared, now: start,
            deadline: start.monotonic + .seconds(10))
    }

    private func at(_ seconds: Double) -> Now {
        Now(monotonic: start.monotonic + .seconds(seconds), wall: start.wall + .seconds(seconds))
    }

    private func token(_ text: String = "new", lifetime: Duration = .seconds(3600)) throws -> AccessToken {
        let grant = IssuedGrant(value: Secret(text), tokenType: "Bearer", expiresIn: lifetime, scope: nil)
        return try AccessToken(grant, from: .parameterStore, now: start, buffer: buffer)
    }

    private func lease(after: Int64 = 0, for length: Duration = .seconds(5), isResting: Bool = false) -> Lease {
        Lease(holder: "other", until: start.wall + length, after: after, isResting: isResting)
    }

    /// What a step is, in a word.
    private func word(_ step: TokenTrip.Step) -> String {
        switch step {
        case .read: "read"
        case .pause: "pause"
        case .claim: "claim"
        case .issue: "issue"
        case .done(let outcome): outcome.token == nil ? "failed" : "token"
        }
    }

    @Test func `An empty shared tier is followed by a claim, a claim that is won by the issuer`() {
        var trip = trip()
        #expect(word(trip.begin(start)) == "read")
        guard case .claim(let lease, let seen, let end) = trip.read(SharedView(), nil, start, chance: 0) else {
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
        _ = trip.read(SharedView(), nil, start, chance: 0)
        #expect(word(trip.claimed(false, start, chance: 0)) == "pause")
        #expect(word(trip.paused(at(0.2))) == "read")
        let found = SharedView(version: 1, lease: lease(), leaseVersion: 1)
        #expect(word(trip.read(found, .usable(try token()), at(0.3), chance: 0)) == "token")
    }

    @Test func `A living lease of another is waited for, at growing intervals`() {
        var trip = trip()
        let view = SharedView(lease: lease(), leaseVersion: 1)
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
        let view = SharedView(lease: lease(), leaseVersion: 7)
        #expect(word(trip.read(view, nil, at(0), chance: 0)) == "pause")
        guard case .claim(_, let seen, _) = trip.read(view, nil, at(5), chance: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(seen.leaseVersion == 7)
    }

    @Test func `A lease by a clock that is wrong holds nobody up for longer than its length`() {
        var trip = trip()
        let slow = SharedView(lease: lease(for: .seconds(8)), leaseVersion: 1)
        #expect(word(trip.read(slow, nil, at(0), chance: 0)) == "pause")
        #expect(word(trip.read(slow, nil, at(5), chance: 0)) == "claim")
        var other = self.trip()
        let absurd = SharedView(lease: lease(for: .seconds(3600)), leaseVersion: 1)
        #expect(word(other.read(absurd, nil, at(0), chance: 0)) == "claim")
    }

    @Test func `Two leases that bring nothing are waited for, and a third is not`() {
        var trip = trip()
        for (version, begin) in [(1, 0.0), (2, 4.0)] {
            let until = start.wall + .seconds(begin + 5)
            let view = SharedView(
                lease: Lease(holder: "h\(version)", until: until, after: 0), leaseVersion: Int64(version))
            #expect(word(trip.read(view, nil, at(begin), chance: 0)) == "pause")
        }
        let third = SharedView(lease: Lease(holder: "h3", until: start.wall + .seconds(11), after: 0), leaseVersion: 3)
        #expect(word(trip.read(third, nil, at(6), chance: 0)) == "claim")
        #expect(word(trip.claimed(false, at(6), chance: 0)) == "issue", "nor is whoever was quicker")
    }

    @Test func `What was waited for is remembered over trips`() {
        var need = TokenTrip.Need(.cold)
        need.deferral = TokenTrip.Deferral(since: start.monotonic + .seconds(-9), leases: 2)
        var trip = trip(need)
        let view = SharedView(lease: lease(), leaseVersion: 7)
        #expect(word(trip.read(view, nil, start, chance: 0)) == "claim")
    }

    @Test func `A lease whose token is there is spent, and not while its expiry is still to come`() throws {
        let view = SharedView(version: 4, lease: lease(after: 3), leaseVersion: 9)
        var forced = trip(TokenTrip.Need(.forced))
        // Another token than ours and no later one: a refresh was asked for, and nobody is on it.
        let found = try token(lifetime: .seconds(100))
        #expect(word(forced.read(view, .usable(found), start, chance: 0)) == "token")
        var cold = trip()
        #expect(word(cold.read(view, .expired, start, chance: 0)) == "pause")
    }

    @Test func `A forced refresh finds a spent lease no hindrance`() throws {
        var need = TokenTrip.Need(.forced)
        need.current = try token("same")
        var trip = trip(need)
        let view = SharedView(version: 4, lease: lease(after: 3), leaseVersion: 9)
        #expect(word(trip.read(view, .usable(try token("same")), start, chance: 0)) == "claim")
    }

    @Test func `A claim whose answer was lost is known again`() {
        var trip = trip()
        _ = trip.read(SharedView(lease: nil, leaseVersion: 2), nil, start, chance: 0)
        #expect(word(trip.claimFailed(UpstreamFault(.unavailable), start, chance: 0)) == "pause")
        let ours = Lease(holder: "me", until: start.wall + .seconds(5), after: 0)
        #expect(word(trip.read(SharedView(lease: ours, leaseVersion: 3), nil, at(0.3), chance: 0)) == "issue")
    }

    @Test func `Of claims whose answers were lost the one that stands is won, and one known to be lost is not`() {
        let ours = Lease(holder: "me", until: start.wall + .seconds(5), after: 0)
        let view = SharedView(lease: ours, leaseVersion: 2)
        func next(after answer: (inout TokenTrip) -> TokenTrip.Step) -> String {
            var trip = trip()
            _ = trip.read(SharedView(), nil, start, chance: 0)
            _ = answer(&trip)
            return word(trip.read(view, nil, at(0.3), chance: 0))
        }
        #expect(next { $0.claimFailed(UpstreamFault(.unavailable), start, chance: 0) } == "issue")
        #expect(next { $0.claimed(false, start, chance: 0) } == "pause")
    }

    @Test func `A claim may take half of what the token in memory has left, and no caller's time after that`() throws {
        var need = TokenTrip.Need(.ahead)
        need.current = try token(lifetime: .seconds(4))
        var ahead = trip(need)
        guard case .claim(_, _, let end) = ahead.read(SharedView(), nil, at(1), chance: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(end == at(2.5).monotonic)
        #expect(word(ahead.claimFailed(UpstreamFault(.timedOut), at(2.5), chance: 0)) == "pause")
        guard case .claim(_, _, let late) = ahead.read(SharedView(), nil, at(4), chance: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(late == at(4.5).monotonic)
        #expect(word(ahead.claimFailed(UpstreamFault(.timedOut), at(4.5), chance: 0)) == "issue")
    }

    @Test func `Whoever waits for another's token looks again before its own time is up`() {
        var trip = trip()
        let view = SharedView(lease: lease(for: .seconds(9)), leaseVersion: 1)
        for time in [0, 0.2, 0.6, 1.4] { _ = trip.read(view, nil, at(time), chance: 0.5) }
        let second = SharedView(
            lease: Lease(holder: "next", until: start.wall + .seconds(13), after: 0), leaseVersion: 2)
        guard case .pause(let end) = trip.read(second, nil, at(8), chance: 0.5) else {
            Issue.record("no pause")
            return
        }
        #expect(end == at(9).monotonic)
    }

    @Test func `A claim that takes its time delays no caller, and may take it while nobody waits`() throws {
        var cold = trip()
        _ = cold.read(SharedView(), nil, start, chance: 0)
        #expect(word(cold.claimFailed(UpstreamFault(.timedOut), at(0.5), chance: 0)) == "issue")
        var need = TokenTrip.Need(.ahead)
        need.current = try token()
        var ahead = trip(need)
        guard case .claim(_, _, let end) = ahead.read(SharedView(), nil, start, chance: 0) else {
            Issue.record("no claim")
            return
        }
        #expect(end == start.monotonic + .seconds(5))
        #expect(word(ahead.claimFailed(UpstreamFault(.timedOut), at(5), chance: 0)) == "pause")
    }

    @Test(arguments: [UpstreamFault.Reason.denied, .invalid, .notReady])
    func `Where leases cannot be written everyone asks for himself`(_ reason: UpstreamFault.Reason) {
        var trip = trip()
        _ = trip.read(SharedView(), nil, start, chance: 0)
        #expect(word(trip.claimFailed(UpstreamFault(reason), start, chance: 0)) == "issue")
    }

    @Test func `A throttled claim is tried again, and after the third the issuer is asked all the same`() {
        var trip = trip()
        for attempt in 1...3 {
            #expect(word(trip.read(SharedView(), nil, at(Double(attempt)), chance: 0)) == "claim")
            let next = trip.claimFailed(UpstreamFault(.throttled), at(Double(attempt)), chance: 0)
            #expect(word(next) == (attempt < 3 ? "pause" : "issue"))
        }
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
        var need = TokenTrip.Need(.cold)
        need.deferral = TokenTrip.Deferral(since: start.monotonic + .seconds(-60))
        var impatient = self.trip(need)
        #expect(word(impatient.readFailed(UpstreamFault(.throttled), start, chance: 0)) == "issue")
    }

    @Test func `The issuer's wish for peace is written over our lease, and kept by the others`() {
        var holder = trip()
        _ = holder.read(SharedView(version: 2, leaseVersion: 4), nil, start, chance: 0)
        _ = holder.claimed(true, start, chance: 0)
        let fault = UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(120))
        guard case .done(let outcome) = holder.issueFailed(fault, start), let rest = outcome.rest else {
            Issue.record("no rest")
            return
        }
        #expect(rest.lease == Lease(holder: "me", until: start.wall + .seconds(120), after: 2, isResting: true))
        #expect(rest.seen.leaseVersion == 5)
        var sibling = trip()
        let view = SharedView(version: 2, lease: rest.lease, leaseVersion: 6)
        guard case .done(let told) = sibling.read(view, nil, at(20), chance: 0) else {
            Issue.record("the sibling asks")
            return
        }
        #expect(told.fault?.reason == .throttled)
        #expect(told.fault?.retryAfter == .seconds(100))
        #expect(!told.askedIssuer)
    }

    @Test func `A valid token that is less than wished is served before anyone waits`() throws {
        var trip = trip()
        let old = try token(lifetime: .seconds(5))
        let view = SharedView(version: 1, lease: lease(after: 1), leaseVersion: 1)
        guard case .done(let outcome) = trip.read(view, .usable(old), at(4.5), chance: 0) else {
            Issue.record("it waits")
            return
        }
        #expect(outcome.token?.value == old.value)
        #expect(outcome.deferral != nil)
    }

    @Test func `Our own lease of an attempt that failed is no hindrance to the next one`() {
        var first = trip()
        _ = first.read(SharedView(), nil, start, chance: 0)
        _ = first.claimed(true, start, chance: 0)
        guard case .done(let outcome) = first.issueFailed(UpstreamFault(.unavailable), start) else { return }
        #expect(outcome.heldLease == 1)
        var need = TokenTrip.Need(.cold)
        need.ownLease = outcome.heldLease
        var next = trip(need)
        let ours = Lease(holder: "me", until: start.wall + .seconds(5), after: 0)
        let view = SharedView(lease: ours, leaseVersion: 1)
        #expect(word(next.read(view, nil, at(1), chance: 0)) == "claim")
        // Somebody else has won the lease since, and we have written over it in vain.
        var late = trip(need)
        #expect(word(late.read(SharedView(lease: ours, leaseVersion: 3), nil, at(1), chance: 0)) == "pause")
    }

    @Test func `A refused token is not accepted from the shared tier, and known to be there`() throws {
        var need = TokenTrip.Need(.rejected)
        need.rejected = [SHA256.hash("bad")]
        var trip = trip(need)
        let pair = StoredToken(token: Secret("bad"), expires: String((start.wall + .seconds(3000)).milliseconds))
        let view = SharedView(pair: pair, version: 1)
        #expect(word(trip.read(view, .usable(try token("bad")), start, chance: 0)) == "claim")
        _ = trip.claimed(true, start, chance: 0)
        guard case .done(let outcome) = trip.issueFailed(UpstreamFault(.unavailable), start) else { return }
        #expect(outcome.sharesRejected)
    }

    @Test func `A token without its time is written whole by who meets it after its writer's lease`() throws {
        let pair = StoredToken(token: Secret("t"), expires: "")
        let lease = Lease(holder: "gone", until: start.wall + .seconds(5), after: 0)
        let view = SharedView(pair: pair, version: 1, lease: lease, leaseVersion: 1)
        let whole = StoredToken(token: Secret("t"), expires: String((start.wall + .seconds(3000)).milliseconds))
        func isTorn(_ pair: StoredToken, _ seconds: Double) throws -> Bool? {
            var trip = trip(TokenTrip.Need(.cold))
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

    @Test func `A refresh that callers cause waits for its floor`() {
        var need = TokenTrip.Need(.rejected)
        need.notBefore = start.monotonic + .seconds(2)
        var trip = trip(need, isShared: false)
        guard case .pause(let end) = trip.begin(start) else {
            Issue.record("no pause")
            return
        }
        #expect(end == start.monotonic + .seconds(2))
        #expect(word(trip.paused(at(2))) == "issue")
    }
}

@Suite struct `Leases as stored` {
    @Test func `A lease is one line of JSON and reads back`() {
        let lease = Lease(holder: "a-1", until: WallTime(milliseconds: 1_763_900_000_000), after: 3, isResting: true)
        #expect(lease.text == #"{"after":3,"holder":"a-1","resting":true,"until":1763900000000}"#)
        #expect(Lease(lease.text) == lease)
    }

    @Test(arguments: [
        "", "placeholder", "[]", "{}", #"{"after":-1,"holder":"a","until":1}"#, #"{"after":1,"holder":"","until":1}"#,
        #"{"after":1,"holder":"a b","until":1}"#, #"{"after":1,"holder":"a"}"#, #"{"after":1,"holder":"a","until":-5}"#,
        String(repeating: " ", count: 600) + #"{"after":1,"holder":"a","until":1}"#,
    ])
    func `What no broker would have written is no lease`(_ text: String) { #expect(Lease(text) == nil) }
}
