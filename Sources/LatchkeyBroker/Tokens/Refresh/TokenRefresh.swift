package import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics

/// One refresh of a profile's token as a state machine: given the result of the last step, it returns the next one.
///
/// The order is shared tier, lease, issuer. The replica that gets the lease calls the issuer. The others read the
/// shared tier again, with growing and jittered delays, until the holder's token is there or its lease has ended.
///
/// A shared tier that fails or refuses costs the fleet its coordination, but nobody a token: the refresh continues with
/// the issuer. Only throttling is waited out, up to ``Limits/maxDeferral``. A fleet that starts at once causes it, and
/// continuing with the issuer would move the storm there.
package struct TokenRefresh: Sendable {
    private let need: Need
    private let limits: Limits
    private let buffer: ExpiryBuffer
    private let isShared: Bool
    private let deadline: MonotonicTime

    /// A valid token that does not meet the need.
    private var fallback: AccessToken?
    /// The shared tier when the lease was claimed, and when it was read last.
    private var seen = SharedTokenSnapshot()
    private var latest = SharedTokenSnapshot()
    private var polls = 0
    private var failedClaims = 0
    private var leaseHolder: LeaseHolder
    private var holdsLease = false
    /// A claim timed out, and the shared tier is read once more to see whether it succeeded.
    private var isSettling = false

    /// - Parameters:
    ///   - holder: the name of this process in leases.
    ///   - isShared: false for `LATCHKEY_SHARED_TIER=none`.
    ///   - deadline: when the refresh has to be over.
    package init(
        _ need: Need, limits: Limits, buffer: ExpiryBuffer, holder: String, isShared: Bool, now: Now,
        deadline: MonotonicTime
    ) {
        self.need = need
        self.limits = limits
        self.buffer = buffer
        self.isShared = isShared
        self.deadline = deadline
        leaseHolder = LeaseHolder(need, limits: limits, name: holder, now: now)
    }

    /// Returns the first step.
    package mutating func begin(_ now: Now) -> Step { isShared ? .read : issue(now) }

    // MARK: The shared tier

    /// Continues after the shared tier was read.
    ///
    /// - Parameters:
    ///   - validity: of the pair in the snapshot; nil if there is no pair.
    ///   - jitter: uniform in [0, 1).
    package mutating func read(
        _ snapshot: SharedTokenSnapshot, _ validity: StoredToken.Validity?, _ now: Now, jitter: Double
    ) -> Step {
        latest = snapshot
        let pair = snapshot.pairDefinition(ours: need.definition)
        if case .usable(let token) = validity, need.accepts(pair) {
            if isRejected(token) {
                // The token is valid, and better than none.
                if need.current == nil { fallback = token }
            } else if accepts(token, now) {
                var outcome = outcome(token)
                outcome.isTorn = TornPair.isAbandoned(snapshot, now)
                return .done(outcome)
            } else if need.reason == .cold {
                // The token does not last as long as requested, but is better than none.
                fallback = token
            }
        }
        if need.issuerFault != nil { return issue(now) }
        if mayConserveQuota, let lease = snapshot.lease, need.isBound(by: lease),
            let wait = lease.conservesQuota(at: snapshot.storeTime(now))
        {
            var outcome = outcome()
            outcome.conserveQuotaFor = wait
            return .done(outcome)
        }
        seen = snapshot
        var isComplete = false
        if case .usable = validity { isComplete = true }
        switch leaseHolder.find(in: snapshot, isComplete: isComplete, now) {
        case .us: return won(snapshot, now)
        case .unneeded: return issue(now)
        case .other(let lease):
            failedClaims = 0
            guard lease.purpose == .issuerBackoff else { return wait(now, jitter, fault: nil) }
            return .done(outcome(fallback, issuerBackoff(lease, snapshot.storeTime(now))))
        case .nobody: return isSettling ? issue(now) : claim(now)
        }
    }

    /// Claims the lease on top of the last snapshot.
    private func claim(_ now: Now) -> Step {
        let lease = leaseHolder.lease(.refresh, until: seen.storeTime(now).wall + limits.lease, over: seen)
        let timeout = min(max(limits.maxClaimDuration, remaining(now) / 2), limits.timeout)
        return .claim(lease, seen: seen, by: min(deadline, now.monotonic + timeout))
    }

    /// Continues after the shared tier could not be read.
    package mutating func readFailed(_ fault: UpstreamFault, _ now: Now, jitter: Double) -> Step {
        fault.reason == .throttled && leaseHolder.mayWait(now)
            ? wait(now, jitter, fault: fault) : issue(now, fault: fault)
    }

    /// Continues after the lease was claimed.
    ///
    /// - Parameter isOurs: false if another replica was quicker.
    package mutating func claimed(_ isOurs: Bool, _ now: Now, jitter: Double) -> Step {
        if isOurs {
            var snapshot = seen
            snapshot.leaseVersion = snapshot.leaseVersion &+ 1
            snapshot.unreadableLease = nil
            return won(snapshot, now)
        }
        leaseHolder.claimWasRefused()
        // The holder of a lease that cannot be parsed is unknown, so there is nobody to wait for.
        if seen.unreadableLease != nil { return issue(now) }
        return leaseHolder.mayWaitForWinner(now) ? wait(now, jitter, fault: nil) : issue(now)
    }

    /// Continues after the lease could not be written, or after a claim without an answer.
    package mutating func claimFailed(_ fault: UpstreamFault, _ now: Now, jitter: Double) -> Step {
        failedClaims += 1
        leaseHolder.claimWasUnanswered(seen)
        // Callers are waiting, so there is no time for another claim. One read shows whether the claim succeeded, or
        // whether another replica holds the lease.
        if fault.reason == .timedOut, remaining(now) <= .zero, now.monotonic < deadline {
            isSettling = true
            return .read
        }
        let isTransient =
            switch fault.reason {
            case .throttled, .unavailable, .timedOut: true
            // No replica can write leases here, so there is nobody to wait for.
            case .denied, .refused, .invalid, .notFound, .notReady, .overloaded, .budgetSpent: false
            }
        return isTransient && failedClaims < limits.maxClaimAttempts && leaseHolder.mayWait(now)
            ? wait(now, jitter, fault: fault)
            : issue(now, fault: fault)
    }

    /// The remaining time of the token in memory, during which no caller waits for this refresh. Zero if callers wait.
    private func remaining(_ now: Now) -> Duration {
        guard need.reason == .ahead, let current = need.current, current.isValid(now) else { return .zero }
        return current.expiry.remaining(now)
    }

    private mutating func won(_ snapshot: SharedTokenSnapshot, _ now: Now) -> Step {
        holdsLease = true
        seen = snapshot
        return issue(now)
    }

    private func issuerBackoff(_ lease: Lease, _ now: Now) -> UpstreamFault {
        UpstreamFault(.throttled, code: .issuerBackoff, retryAfter: lease.until - now.wall)
    }

    // MARK: Waiting

    /// Pauses before the shared tier is read again.
    ///
    /// - Parameter fault: the result of the refresh if there is no time for that.
    private mutating func wait(_ now: Now, _ jitter: Double, fault: UpstreamFault?) -> Step {
        if let fallback { return .done(deferred(fallback)) }
        var length = min(limits.maxPollDelay, limits.firstPollDelay * Double(1 << min(polls, 16)))
        polls += 1
        // A replica that waits for another one's token reads once more before its callers time out.
        let left = deadline - now.monotonic
        if fault == nil, left > limits.firstPollDelay * 2 { length = min(length, left / 2) }
        let next = now.monotonic + max(length * (0.5 + jitter), min(fault?.retryAfter ?? .zero, limits.maxPollDelay))
        guard next < deadline else {
            return .done(deferred(nil, fault ?? Self.refreshElsewhere))
        }
        return .pause(until: next)
    }

    /// Another replica is getting the token, and there is no time left to wait for it.
    private static let refreshElsewhere = UpstreamFault(
        .unavailable, code: .refreshElsewhere, retryAfter: .seconds(1))

    /// The result while another replica is getting the token.
    private func deferred(_ token: AccessToken?, _ fault: UpstreamFault? = nil) -> Outcome {
        var outcome = outcome(token, fault)
        outcome.deferral = leaseHolder.deferral
        return outcome
    }

    /// The result, with what is known of the shared tier.
    private func outcome(_ token: AccessToken? = nil, _ fault: UpstreamFault? = nil) -> Outcome {
        var outcome = Outcome(token: token, fault: fault)
        outcome.sequence = need.sequence
        outcome.purpose = need.purpose
        outcome.sharedVersion = latest.version
        if holdsLease { outcome.heldLeaseVersion = seen.leaseVersion }
        return outcome
    }

    /// Continues after a pause.
    package mutating func paused(_ now: Now) -> Step { .read }

    /// Ends the refresh, because no caller waits for it any more.
    package func cancelled() -> Step { .done(outcome(fallback, UpstreamFault(.timedOut))) }

    // MARK: The issuer

    /// Calls the issuer if that is allowed and there is enough time.
    ///
    /// - Parameter fault: the result of the refresh if there is not enough time.
    private mutating func issue(_ now: Now, fault: UpstreamFault? = nil) -> Step {
        if let issuerFault = need.issuerFault { return .done(outcome(fallback, issuerFault)) }
        guard deadline - now.monotonic >= limits.minIssueTime else {
            return .done(deferred(fallback, fault ?? Self.refreshElsewhere))
        }
        return .issue
    }

    /// Continues after the issuer returned a token.
    package func issued(_ token: AccessToken, _ now: Now) -> Step {
        var outcome = outcome(token)
        outcome.askedIssuer = true
        if let wait = token.conserveQuotaFor {
            outcome.leaseUpdate = leaseUpdate(.conserveQuota, min(wait, Lease.maxQuotaConservation), now)
        }
        // The replicas that wait for the token must not wait any longer.
        if let purpose = limits.tooLarge(token) { outcome.leaseUpdate = leaseUpdate(purpose, .zero, now) }
        return .done(outcome)
    }

    /// Continues after the issuer returned no token.
    package func issueFailed(_ fault: UpstreamFault, _ now: Now) -> Step {
        var outcome = outcome(fallback, fault)
        outcome.askedIssuer = true
        if fault.isIssuerBackoff {
            let wait = min(max(fault.retryAfter ?? .seconds(1), .seconds(1)), Backoff.maxRetryAfter)
            outcome.leaseUpdate = leaseUpdate(.issuerBackoff, wait, now)
        }
        return .done(outcome)
    }

    /// The update of our lease; nil if we hold none.
    private func leaseUpdate(_ purpose: Lease.Purpose, _ length: Duration, _ now: Now) -> LeaseUpdate? {
        guard holdsLease else { return nil }
        let lease = leaseHolder.lease(purpose, until: seen.storeTime(now).wall + length, over: seen)
        return LeaseUpdate(lease: lease, seen: seen)
    }

    // MARK: What is accepted

    private func isRejected(_ token: AccessToken) -> Bool { need.rejected.contains { token.value.hasDigest($0) } }

    /// Whether callers have a token meanwhile, so that the refresh can be left out to save the issuer's quota.
    private var mayConserveQuota: Bool { need.minTTL == nil && (need.reason == .ahead || need.reason == .rejected) }

    /// Whether a token from the shared tier meets the need. A refresh of a good token accepts only another token that
    /// expires later: a replica was quicker.
    private func accepts(_ found: AccessToken, _ now: Now) -> Bool {
        guard found.isFresh(now), found.lasts(need.minTTL, now, buffer: buffer) else { return false }
        guard need.reason != .cold, need.reason != .rejected, let current = need.current, !isRejected(current) else {
            return true
        }
        return found.value != current.value && found.expiry.wall > current.expiry.wall
    }
}
