internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyLog
internal import LatchkeyMetrics
internal import Logging

/// Executes the steps of a ``TokenRefresh`` and records the calls to the tiers.
struct TokenRefreshRunner: Sendable {
    let profile: TokenProfile
    let shared: SharedTier?
    let buffer: ExpiryBuffer
    let limits: TokenRefresh.Limits
    /// The name of this process in leases.
    let holder: String
    let time: Timing
    let telemetry: TierTelemetry
    /// Whether the profile still has the definition with which the refresh started. If not, nothing is claimed or
    /// issued any more, and the result of its issuer does not affect the tier's health.
    let isCurrent: @Sendable () -> Bool

    func run(_ need: TokenRefresh.Need, deadline: MonotonicTime) async -> TokenRefresh.Outcome {
        var refresh = TokenRefresh(
            need, limits: limits, buffer: buffer, holder: holder, isShared: shared != nil, now: time.now(),
            deadline: deadline)
        var step = refresh.begin(time.now())
        while true {
            switch step {
            case .done(let outcome):
                if outcome.fault != nil, !outcome.askedIssuer { telemetry.skipped(.token, profile.issuer.tier) }
                return outcome
            case .read: step = await read(&refresh, deadline)
            case .claim where !isCurrent(), .issue where !isCurrent(): step = refresh.cancelled()
            case .claim(let lease, let seen, let end): step = await claim(&refresh, lease, seen, by: end)
            case .issue: step = await issue(&refresh, need.purpose, deadline)
            case .pause(let end):
                await time.sleep(end)
                step = Task.isCancelled ? refresh.cancelled() : refresh.paused(time.now())
            }
        }
    }

    private func stepDeadline(_ deadline: MonotonicTime, _ started: Now) -> MonotonicTime {
        min(deadline, started.monotonic + limits.timeout)
    }

    private func read(_ refresh: inout TokenRefresh, _ deadline: MonotonicTime) async -> TokenRefresh.Step {
        guard let shared else { return refresh.readFailed(UpstreamFault(.notReady), time.now(), jitter: time.jitter()) }
        let started = time.now()
        let snapshot: SharedTokenSnapshot
        do throws(UpstreamFault) {
            snapshot = try await shared.read(profile.name, stepDeadline(deadline, started))
        } catch {
            telemetry.failed(.token, shared.tier, error, since: started)
            return refresh.readFailed(error, time.now(), jitter: time.jitter())
        }
        let now = time.now()
        let validity = snapshot.validity(from: shared.tier, now: now, buffer: buffer)
        var outcome = TierOutcome.miss
        switch validity {
        case .usable: outcome = .hit
        case .corrupt(let why):
            telemetry.log.warning(
                .sharedTokenInvalid,
                "the shared token cannot be used and will be overwritten",
                metadata: ["profile": "\(profile.name)", "tier": "\(shared.tier.name)", "why": "\(why)"])
        case .absent, .expired, nil: break
        }
        telemetry.succeeded(.token, shared.tier, outcome, since: started)
        return refresh.read(snapshot, validity, now, jitter: time.jitter())
    }

    private func claim(
        _ refresh: inout TokenRefresh, _ lease: Lease, _ seen: SharedTokenSnapshot, by deadline: MonotonicTime
    ) async -> TokenRefresh.Step {
        guard let shared else {
            return refresh.claimFailed(UpstreamFault(.notReady), time.now(), jitter: time.jitter())
        }
        do throws(UpstreamFault) {
            let isOurs = try await shared.claim(profile.name, lease, seen, deadline)
            return refresh.claimed(isOurs, time.now(), jitter: time.jitter())
        } catch {
            telemetry.writeFailed(shared.tier, error, what: "the lease", profile: profile.name)
            return refresh.claimFailed(error, time.now(), jitter: time.jitter())
        }
    }

    private func issue(
        _ refresh: inout TokenRefresh, _ purpose: IssuePurpose, _ deadline: MonotonicTime
    ) async -> TokenRefresh.Step {
        let issuer = profile.issuer
        let started = time.now()
        do throws(UpstreamFault) {
            let grant = try await issuer.issue(profile.name, purpose, stepDeadline(deadline, started))
            let token = try AccessToken(grant, from: issuer.tier, now: time.now(), buffer: buffer)
            telemetry.succeeded(.token, issuer.tier, .hit, since: started)
            return refresh.issued(token, time.now())
        } catch {
            if isCurrent() { issueFailed(error, since: started) }
            return refresh.issueFailed(error, time.now())
        }
    }

    /// Records a failed call to the issuer.
    ///
    /// If the credentials for the call could not be obtained, the issuer was not called. The tier that holds the
    /// credentials has recorded the failure then.
    private func issueFailed(_ fault: UpstreamFault, since started: Now) {
        let tier = profile.issuer.tier
        if fault.upstream == nil || fault.upstream == tier.upstream {
            telemetry.failed(.token, tier, fault, since: started)
        } else {
            telemetry.skipped(.token, tier)
        }
    }
}
