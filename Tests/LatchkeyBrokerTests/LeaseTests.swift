import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import Testing

/// Backoffs and quotas that leases announce to the fleet, and rejected tokens.
@Suite("What leases tell the fleet") struct LeaseTests: TokenRefreshFixture {
    @Test func `The issuer's backoff is written to the lease, and other replicas observe it`() {
        var holder = refresh()
        _ = holder.read(SharedTokenSnapshot(version: 2, leaseVersion: 4), nil, start, jitter: 0)
        _ = holder.claimed(true, start, jitter: 0)
        let fault = UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(120))
        guard case .done(let outcome) = holder.issueFailed(fault, start), let update = outcome.leaseUpdate else {
            Issue.record("no lease update")
            return
        }
        #expect(
            update.lease == Lease(holder: "me", until: start.wall + .seconds(120), after: 2, purpose: .issuerBackoff))
        #expect(update.seen.leaseVersion == 5)
        var other = refresh()
        let snapshot = SharedTokenSnapshot(version: 2, lease: update.lease, leaseVersion: 6)
        guard case .done(let result) = other.read(snapshot, nil, at(20), jitter: 0) else {
            Issue.record("the other replica calls the issuer")
            return
        }
        #expect(result.fault?.reason == .throttled)
        #expect(result.fault?.retryAfter == .seconds(100))
        #expect(!result.askedIssuer)
    }

    @Test func `A spent budget concerns this process only and is not written to the lease`() {
        var holder = refresh()
        _ = holder.read(SharedTokenSnapshot(version: 2, leaseVersion: 4), nil, start, jitter: 0)
        _ = holder.claimed(true, start, jitter: 0)
        for fault in [
            UpstreamFault(.budgetSpent, upstream: .auth0, retryAfter: .seconds(3000)),
            UpstreamFault(.throttled, upstream: .parameterStore, retryAfter: .seconds(3)),
        ] {
            guard case .done(let outcome) = holder.issueFailed(fault, start) else { return }
            #expect(outcome.leaseUpdate == nil)
        }
    }

    @Test func `A low quota stops refreshes ahead in the fleet, but not those of replicas that need a token`() throws {
        var holder = refresh()
        _ = holder.read(SharedTokenSnapshot(version: 2, leaseVersion: 4), nil, start, jitter: 0)
        _ = holder.claimed(true, start, jitter: 0)
        var low = try token()
        low.conserveQuotaFor = .seconds(600)
        guard case .done(let outcome) = holder.issued(low, start), let update = outcome.leaseUpdate else {
            Issue.record("no lease update")
            return
        }
        #expect(
            update.lease == Lease(holder: "me", until: start.wall + .seconds(600), after: 2, purpose: .conserveQuota))
        let snapshot = SharedTokenSnapshot(version: 3, lease: update.lease, leaseVersion: 6)
        var need = TokenRefresh.Need(.ahead)
        need.current = low
        var ahead = refresh(need)
        guard case .done(let result) = ahead.read(snapshot, .usable(low), at(100), jitter: 0) else {
            Issue.record("it calls the issuer")
            return
        }
        #expect(result.conserveQuotaFor == .seconds(500))
        #expect(result.fault == nil)
        #expect(result.result == .deferred)
        need.minTTL = .seconds(3599)
        var longer = refresh(need)
        #expect(longer.read(snapshot, .usable(low), at(100), jitter: 0).kind == .claim)
        var cold = refresh()
        #expect(cold.read(snapshot, .expired, at(100), jitter: 0).kind == .claim)
        var late = refresh(TokenRefresh.Need(.ahead))
        #expect(late.read(snapshot, .expired, at(600), jitter: 0).kind == .claim)
    }

    @Test func `A token from the shared tier carries the low quota of its issuer`() throws {
        let pair = StoredToken(token: Secret("t"), expires: String((start.wall + .seconds(3000)).milliseconds))
        let snapshot = SharedTokenSnapshot(
            pair: pair, version: 3, lease: lease(after: 2, for: .seconds(600), purpose: .conserveQuota), leaseVersion: 6
        )
        guard case .usable(let found) = snapshot.validity(from: .parameterStore, now: at(100), buffer: buffer) else {
            Issue.record("not usable")
            return
        }
        #expect(found.conserveQuotaFor == .seconds(500))
    }

    @Test func `A rejected token is accepted from the shared tier only if there is no other`() throws {
        let pair = StoredToken(token: Secret("bad"), expires: String((start.wall + .seconds(3000)).milliseconds))
        for hasToken in [true, false] {
            var need = TokenRefresh.Need(hasToken ? .rejected : .cold)
            need.rejected = [SHA256.hash("bad")]
            need.current = hasToken ? try token("bad") : nil
            var refresh = refresh(need)
            let snapshot = SharedTokenSnapshot(pair: pair, version: 1)
            #expect(refresh.read(snapshot, .usable(try token("bad")), start, jitter: 0).kind == .claim)
            _ = refresh.claimed(true, start, jitter: 0)
            guard case .done(let outcome) = refresh.issueFailed(UpstreamFault(.unavailable), start) else {
                Issue.record("it continues")
                return
            }
            #expect((outcome.token == nil) == hasToken)
        }
    }

    @Test(arguments: [UpstreamFault.Reason.throttled, .denied])
    func `While the issuer must not be called, a rejected token costs one read of the shared tier`(
        _ reason: UpstreamFault.Reason
    ) throws {
        var need = TokenRefresh.Need(.rejected)
        need.rejected = [SHA256.hash("bad")]
        need.current = try token("bad")
        need.issuerFault = UpstreamFault(reason, upstream: .auth0)
        var refresh = refresh(need)
        let pair = StoredToken(token: Secret("bad"), expires: String((start.wall + .seconds(3000)).milliseconds))
        let step = refresh.read(
            SharedTokenSnapshot(pair: pair, version: 7), .usable(try token("bad")), start, jitter: 0)
        guard case .done(let outcome) = step else {
            Issue.record("it calls the issuer")
            return
        }
        #expect(outcome.token == nil && outcome.fault?.reason == reason && !outcome.askedIssuer)
    }

    @Test func `Another replica's token replaces a rejected one, even if it does not expire later`() throws {
        var need = TokenRefresh.Need(.rejected)
        need.rejected = [SHA256.hash("bad")]
        need.current = try token("bad")
        var refresh = refresh(need)
        let pair = StoredToken(token: Secret("good"), expires: String((start.wall + .seconds(3000)).milliseconds))
        let step = refresh.read(
            SharedTokenSnapshot(pair: pair, version: 8), .usable(try token("good")), start, jitter: 0)
        guard case .done(let outcome) = step else {
            Issue.record("it continues")
            return
        }
        #expect(outcome.token?.value == Secret("good"))
    }
}
