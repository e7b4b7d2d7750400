internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import Logging

/// Carries out a ``TokenRefresh``: makes its calls, waits its pauses, counts what the tiers said.
struct TokenRefreshRunner: Sendable {
    let profile: TokenProfile
    let shared: SharedTier?
    let buffer: ExpiryBuffer
    let limits: TokenRefresh.Limits
    /// This process's name in leases.
    let holder: String
    let time: TimeSource
    let sleeper: Sleeper
    let chance: @Sendable () -> Double
    let probe: TierTelemetry
    /// Whether the profile is still defined as it was when the trip began. If not, nobody is asked any more, and what the
    /// issuer of the old definition does says nothing.
    let isCurrent: @Sendable () -> Bool

    func run(_ need: TokenRefresh.Need, deadline: MonotonicTime) async -> TokenRefresh.Outcome {
        var trip = TokenRefresh(
            need, limits: limits, buffer: buffer, holder: holder, isShared: shared != nil, now: time.now(),
            deadline: deadline)
        var step = trip.begin(time.now())
        while true {
            switch step {
            case .done(let outcome):
                if outcome.fault != nil, !outcome.askedIssuer { probe.skipped(.token, profile.issuer.tier) }
                return outcome
            case .read: step = await read(&trip, deadline)
            case .claim where !isCurrent(), .issue where !isCurrent(): step = trip.cancelled()
            case .claim(let lease, let seen, let end): step = await claim(&trip, lease, seen, end)
            case .issue: step = await issue(&trip, need.purpose, deadline)
            case .pause(let end):
                await sleeper.sleep(end)
                step = Task.isCancelled ? trip.cancelled() : trip.paused(time.now())
            }
        }
    }

    private func stepDeadline(_ deadline: MonotonicTime, _ started: Now) -> MonotonicTime {
        min(deadline, started.monotonic + limits.timeout)
    }

    private func read(_ trip: inout TokenRefresh, _ deadline: MonotonicTime) async -> TokenRefresh.Step {
        guard let shared else { return trip.readFailed(UpstreamFault(.notReady), time.now(), chance: chance()) }
        let started = time.now()
        let view: SharedTokenSnapshot
        do throws(UpstreamFault) {
            view = try await shared.read(profile.name, stepDeadline(deadline, started))
        } catch {
            probe.failed(.token, shared.tier, error, since: started)
            return trip.readFailed(error, time.now(), chance: chance())
        }
        let now = time.now()
        let judgement = view.judged(from: shared.tier, now: now, buffer: buffer)
        var outcome = TierOutcome.miss
        switch judgement {
        case .usable: outcome = .hit
        case .corrupt(let why):
            probe.log.warning(
                "the shared token cannot be used and will be overwritten",
                metadata: ["profile": "\(profile.name)", "tier": "\(shared.tier.name)", "why": "\(why)"])
        case .absent, .expired, nil: break
        }
        probe.succeeded(.token, shared.tier, outcome, since: started)
        return trip.read(view, judgement, now, chance: chance())
    }

    private func claim(
        _ trip: inout TokenRefresh, _ lease: Lease, _ seen: SharedTokenSnapshot, _ deadline: MonotonicTime
    ) async -> TokenRefresh.Step {
        guard let shared else { return trip.claimFailed(UpstreamFault(.notReady), time.now(), chance: chance()) }
        do throws(UpstreamFault) {
            let isOurs = try await shared.claim(profile.name, lease, seen, deadline)
            return trip.claimed(isOurs, time.now(), chance: chance())
        } catch {
            probe.wroteNot(shared.tier, error, what: "the lease", profile: profile.name)
            return trip.claimFailed(error, time.now(), chance: chance())
        }
    }

    /// The issuer was asked in vain; or it was not asked, because what it is asked with could not be had. That is told of
    /// the tier where it stands.
    private func failed(_ fault: UpstreamFault, since started: Now) {
        let tier = profile.issuer.tier
        if fault.upstream == nil || fault.upstream == tier.upstream {
            probe.failed(.token, tier, fault, since: started)
        } else {
            probe.skipped(.token, tier)
        }
    }

    private func issue(
        _ trip: inout TokenRefresh, _ purpose: IssuePurpose, _ deadline: MonotonicTime
    ) async -> TokenRefresh.Step {
        let issuer = profile.issuer
        let started = time.now()
        do throws(UpstreamFault) {
            let grant = try await issuer.issue(profile.name, purpose, stepDeadline(deadline, started))
            let token = try AccessToken(grant, from: issuer.tier, now: time.now(), buffer: buffer)
            probe.succeeded(.token, issuer.tier, .hit, since: started)
            return trip.issued(token, time.now())
        } catch {
            if isCurrent() { failed(error, since: started) }
            return trip.issueFailed(error, time.now())
        }
    }
}
