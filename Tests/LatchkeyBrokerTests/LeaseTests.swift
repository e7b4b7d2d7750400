import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import Testing

/// What an issuer wishes, and what resource servers refused, for the whole fleet.
@Suite struct `What a fleet keeps`: TripBench {
    @Test func `The issuer's wish for peace is written over our lease, and kept by the others`() {
        var holder = trip()
        _ = holder.read(SharedTokenSnapshot(version: 2, leaseVersion: 4), nil, start, chance: 0)
        _ = holder.claimed(true, start, chance: 0)
        let fault = UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(120))
        guard case .done(let outcome) = holder.issueFailed(fault, start), let rest = outcome.notice else {
            Issue.record("no rest")
            return
        }
        #expect(rest.lease == Lease(holder: "me", until: start.wall + .seconds(120), after: 2, purpose: .rest))
        #expect(rest.seen.leaseVersion == 5)
        var sibling = trip()
        let view = SharedTokenSnapshot(version: 2, lease: rest.lease, leaseVersion: 6)
        guard case .done(let told) = sibling.read(view, nil, at(20), chance: 0) else {
            Issue.record("the sibling asks")
            return
        }
        #expect(told.fault?.reason == .throttled)
        #expect(told.fault?.retryAfter == .seconds(100))
        #expect(!told.askedIssuer)
    }

    @Test func `A spent budget is this process's own matter, and no wish of the issuer's`() {
        var holder = trip()
        _ = holder.read(SharedTokenSnapshot(version: 2, leaseVersion: 4), nil, start, chance: 0)
        _ = holder.claimed(true, start, chance: 0)
        for fault in [
            UpstreamFault(.budgetSpent, upstream: .auth0, retryAfter: .seconds(3000)),
            UpstreamFault(.throttled, upstream: .parameterStore, retryAfter: .seconds(3)),
        ] {
            guard case .done(let outcome) = holder.issueFailed(fault, start) else { return }
            #expect(outcome.notice == nil)
        }
    }

    @Test func `What an issuer has little of is spared by the fleet, and not from whoever needs a token`() throws {
        var holder = trip()
        _ = holder.read(SharedTokenSnapshot(version: 2, leaseVersion: 4), nil, start, chance: 0)
        _ = holder.claimed(true, start, chance: 0)
        var low = try token()
        low.quotaLowFor = .seconds(600)
        guard case .done(let outcome) = holder.issued(low, start), let notice = outcome.notice else {
            Issue.record("no notice")
            return
        }
        #expect(notice.lease == Lease(holder: "me", until: start.wall + .seconds(600), after: 2, purpose: .spare))
        let view = SharedTokenSnapshot(version: 3, lease: notice.lease, leaseVersion: 6)
        var need = TokenRefresh.Need(.ahead)
        need.current = low
        var ahead = trip(need)
        guard case .done(let told) = ahead.read(view, .usable(low), at(100), chance: 0) else {
            Issue.record("it asks")
            return
        }
        #expect(told.sparesFor == .seconds(500))
        #expect(told.fault == nil)
        #expect(told.result == .deferred)
        need.minTTL = .seconds(3599)
        var wishing = trip(need)
        #expect(word(wishing.read(view, .usable(low), at(100), chance: 0)) == "claim")
        var cold = trip()
        #expect(word(cold.read(view, .expired, at(100), chance: 0)) == "claim")
        var late = trip(TokenRefresh.Need(.ahead))
        #expect(word(late.read(view, .expired, at(600), chance: 0)) == "claim")
    }

    @Test func `A token from the shared tier brings word of what the issuer has left`() throws {
        let pair = StoredToken(token: Secret("t"), expires: String((start.wall + .seconds(3000)).milliseconds))
        let view = SharedTokenSnapshot(
            pair: pair, version: 3, lease: lease(after: 2, for: .seconds(600), purpose: .spare), leaseVersion: 6)
        guard case .usable(let found) = view.judged(from: .parameterStore, now: at(100), buffer: buffer) else {
            Issue.record("not usable")
            return
        }
        #expect(found.quotaLowFor == .seconds(500))
    }

    @Test func `A refused token is accepted from the shared tier only where there is no other`() throws {
        let pair = StoredToken(token: Secret("bad"), expires: String((start.wall + .seconds(3000)).milliseconds))
        for hasToken in [true, false] {
            var need = TokenRefresh.Need(hasToken ? .rejected : .cold)
            need.rejected = [SHA256.hash("bad")]
            need.current = hasToken ? try token("bad") : nil
            var trip = trip(need)
            let view = SharedTokenSnapshot(pair: pair, version: 1)
            #expect(word(trip.read(view, .usable(try token("bad")), start, chance: 0)) == "claim")
            _ = trip.claimed(true, start, chance: 0)
            guard case .done(let outcome) = trip.issueFailed(UpstreamFault(.unavailable), start) else {
                Issue.record("it goes on")
                return
            }
            #expect((outcome.token == nil) == hasToken)
        }
    }

    @Test(arguments: [UpstreamFault.Reason.throttled, .denied])
    func `While nobody may be asked for another, a refused token costs one look at the shared tier`(
        _ reason: UpstreamFault.Reason
    ) throws {
        var need = TokenRefresh.Need(.rejected)
        need.rejected = [SHA256.hash("bad")]
        need.current = try token("bad")
        need.issuerHeld = UpstreamFault(reason, upstream: .auth0)
        var trip = trip(need)
        let pair = StoredToken(token: Secret("bad"), expires: String((start.wall + .seconds(3000)).milliseconds))
        let step = trip.read(SharedTokenSnapshot(pair: pair, version: 7), .usable(try token("bad")), start, chance: 0)
        guard case .done(let outcome) = step else {
            Issue.record("it asks")
            return
        }
        #expect(outcome.token == nil && outcome.fault?.reason == reason && !outcome.askedIssuer)
    }

    @Test func `A sibling's token replaces a refused one, also where it ends no later`() throws {
        var need = TokenRefresh.Need(.rejected)
        need.rejected = [SHA256.hash("bad")]
        need.current = try token("bad")
        var trip = trip(need)
        let pair = StoredToken(token: Secret("good"), expires: String((start.wall + .seconds(3000)).milliseconds))
        let step = trip.read(SharedTokenSnapshot(pair: pair, version: 8), .usable(try token("good")), start, chance: 0)
        guard case .done(let outcome) = step else {
            Issue.record("it goes on")
            return
        }
        #expect(outcome.token?.value == Secret("good"))
    }
}

@Suite struct `Leases as stored` {
    @Test func `A lease is one line of JSON and reads back`() {
        let lease = Lease(holder: "a-1", until: WallTime(milliseconds: 1_763_900_000_000), after: 3, purpose: .rest)
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
