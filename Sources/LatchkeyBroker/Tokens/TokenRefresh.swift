package import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics

/// One trip past memory for one profile, as a value: told how the last step went, it says what to do next.
///
/// The order is shared tier, lease, issuer. Whoever gets the lease asks the issuer; whoever does not looks at the
/// shared tier again, at growing and jittered intervals, until the holder's token is there or its lease is over. What
/// the shared tier refuses or cannot do costs the fleet its agreement and never a token: the trip then goes to the
/// issuer by itself. Throttling alone is waited out, up to ``Limits/patience``: it is what a fleet that starts at once
/// causes, and going on to the issuer would only move the storm there.
package struct TokenRefresh: Sendable {
    private let need: Need
    private let limits: Limits
    private let buffer: ExpiryBuffer
    private let holder: String
    private let isShared: Bool
    private let deadline: MonotonicTime

    /// A valid token that is less than was wished for.
    private var fallback: AccessToken?
    /// The shared tier as it was when the lease was claimed, and as it was seen last.
    private var seen = SharedTokenSnapshot()
    private var latest = SharedTokenSnapshot()
    private var polls = 0
    private var failedClaims = 0
    /// The lease others hold, and since when we have seen it unchanged by our own clock.
    private var watched: (version: Int64, since: MonotonicTime)?
    /// The least version of our own lease where the answer to our claim was lost.
    private var claimed: Int64?
    private var holds = false
    /// A claim has had its time without an answer, and what stands there is looked at once more.
    private var isSettling = false
    /// What letting others go first has cost, this trip and those before it.
    private var deferral: Deferral

    /// - Parameters:
    ///   - holder: this process's name in leases.
    ///   - isShared: false for `LATCHKEY_SHARED_TIER=none`.
    ///   - deadline: when the trip is to be over.
    package init(
        _ need: Need, limits: Limits, buffer: ExpiryBuffer, holder: String, isShared: Bool, now: Now,
        deadline: MonotonicTime
    ) {
        self.need = need
        self.limits = limits
        self.buffer = buffer
        self.holder = holder
        self.isShared = isShared
        self.deadline = deadline
        deferral = need.deferral ?? Deferral(since: now.monotonic)
    }

    /// The first step.
    package mutating func begin(_ now: Now) -> Step { isShared ? .read : issue(now) }

    // MARK: The shared tier

    /// The shared tier answered; `judgement` is what its pair is worth, nil for none.
    package mutating func read(
        _ view: SharedTokenSnapshot, _ judgement: StoredToken.Judgement?, _ now: Now, chance: Double
    ) -> Step {
        latest = view
        let pair = view.pairDefinition(ours: need.definition)
        if case .usable(let token) = judgement, need.accepts(pair) {
            if isRejected(token) {
                // Valid, and better than nothing where no other can be had.
                if need.current == nil { fallback = token }
            } else if accepts(token, now) {
                var outcome = outcome(token)
                outcome.isTorn = view.isTorn(now)
                return .done(outcome)
            } else if need.reason == .cold {
                // Older than wished, yet better than nothing.
                fallback = token
            }
        }
        if need.issuerHeld != nil { return issue(now) }
        if isSparing, let lease = view.lease, need.isBound(by: lease), let wait = lease.spares(view.theirs(now)) {
            var outcome = outcome()
            outcome.sparesFor = wait
            return .done(outcome)
        }
        // Of several whose answers were lost, the one whose word stands there has it: the others read that too.
        if let claimed, claimed <= view.leaseVersion, let lease = view.lease, lease.holder == holder,
            lease.definition == need.definition
        {
            return won(view, now)
        }
        seen = view
        // Nothing comes of a lease under which no token can be written.
        if isUnshared(view) { return issue(now) }
        var isWhole = false
        if case .usable = judgement { isWhole = true }
        if isPatient(now), isWatched(view, isWhole: isWhole, now) {
            failedClaims = 0
            guard let lease = view.lease, lease.purpose == .rest else { return wait(now, chance, why: nil) }
            return .done(outcome(fallback, resting(lease, view.theirs(now))))
        }
        guard !isSettling else { return issue(now) }
        let lease = ourLease(.refresh, until: view.theirs(now).wall + limits.lease)
        let patience = max(limits.longestClaim, ahead(now) / 2)
        return .claim(lease, seen: view, by: min(deadline, now.monotonic + min(patience, limits.timeout)))
    }

    /// The shared tier could not be read.
    package mutating func readFailed(_ fault: UpstreamFault, _ now: Now, chance: Double) -> Step {
        fault.reason == .throttled && isPatient(now) ? wait(now, chance, why: fault) : issue(now, why: fault)
    }

    /// The lease was claimed. False: another broker was quicker.
    package mutating func claimed(_ isOurs: Bool, _ now: Now, chance: Double) -> Step {
        if isOurs {
            var view = seen
            view.leaseVersion = view.leaseVersion &+ 1
            view.unreadableLease = nil
            return won(view, now)
        }
        claimed = nil
        // Of a lease that cannot be read nobody knows whose it is, so nobody waits for its holder.
        if seen.unreadableLease != nil { return issue(now) }
        return isPatient(now) && deferral.leases <= limits.leases ? wait(now, chance, why: nil) : issue(now)
    }

    /// The lease could not be written, or nobody knows whether it was.
    package mutating func claimFailed(_ fault: UpstreamFault, _ now: Now, chance: Double) -> Step {
        failedClaims += 1
        claimed = seen.leaseVersion &+ 1
        // The time for it is spent, where callers wait; one look tells whether it was done all the same, or another's.
        if fault.reason == .timedOut, ahead(now) <= .zero, now.monotonic < deadline {
            isSettling = true
            return .read
        }
        let mayPass =
            switch fault.reason {
            case .throttled, .unavailable, .timedOut: true
            // Nobody may write leases here, so nobody waits for them either.
            case .denied, .refused, .invalid, .notFound, .notReady, .overloaded, .budgetSpent: false
            }
        return mayPass && failedClaims < limits.claims && isPatient(now)
            ? wait(now, chance, why: fault)
            : issue(now, why: fault)
    }

    /// How long nobody waits yet, because the token in memory is valid and the next one is got ahead of need.
    private func ahead(_ now: Now) -> Duration {
        guard need.reason == .ahead, let current = need.current, current.isValid(now) else { return .zero }
        return current.expiry.remaining(now)
    }

    private mutating func won(_ view: SharedTokenSnapshot, _ now: Now) -> Step {
        holds = true
        seen = view
        return issue(now)
    }

    /// Whether another broker's lease stands in the way: unspent, not over by either clock. A token that is there
    /// while its expiry is not does not spend the lease: its holder is between the two writes.
    private mutating func isWatched(_ view: SharedTokenSnapshot, isWhole: Bool, _ now: Now) -> Bool {
        let left = view.lease.map { $0.until - view.theirs(now).wall } ?? .zero
        guard let lease = view.lease, lease.purpose != .spare, view.version <= lease.after || !isWhole, left > .zero
        else {
            watched = nil
            return false
        }
        if need.ownLease == view.leaseVersion || isAbandoned(lease) { return false }
        if need.isCleared, lease.purpose == .refresh, lease.holder == holder { return false }
        let isResting = lease.purpose == .rest
        if isResting, !need.isBound(by: lease) { return false }
        let longest = isResting ? Backoff.longestRetryAfter : limits.lease
        // A date further off than any holder would write comes from a clock that is wrong.
        guard left <= longest * 2 else { return false }
        if watched?.version != view.leaseVersion {
            watched = (view.leaseVersion, now.monotonic)
            if !isResting { deferral.wait(for: lease, length: limits.lease) }
        }
        guard deferral.leases <= limits.leases else { return false }
        return isResting || now.monotonic - (watched?.since ?? now.monotonic) < longest
    }

    /// The last holder of the lease had a token that this broker could not share either, and none was written since.
    private func isUnshared(_ view: SharedTokenSnapshot) -> Bool {
        guard let lease = view.lease, case .tooLarge(let bytes) = lease.purpose else { return false }
        return view.version <= lease.after && need.isBound(by: lease) && limits.isTooLong(bytes)
    }

    /// Our own lease from before the profile's definition has changed: its trip was given up.
    private func isAbandoned(_ lease: Lease) -> Bool {
        need.isRedefined && need.current == nil && lease.holder == holder
    }

    /// Our lease over what was seen last.
    private func ourLease(_ purpose: Lease.Purpose, until: WallTime) -> Lease {
        var lease = Lease(
            holder: holder, until: until, after: seen.version, purpose: purpose, definition: need.definition)
        if case .known(let found) = seen.pairDefinition(ours: need.definition) { lease.replaces = found }
        return lease
    }

    private func resting(_ lease: Lease, _ now: Now) -> UpstreamFault {
        UpstreamFault(.throttled, code: .issuerBackoff, retryAfter: lease.until - now.wall)
    }

    // MARK: Waiting

    private func isPatient(_ now: Now) -> Bool {
        now.monotonic - deferral.since < limits.patience
    }

    /// `why` is what the trip ends in when there is no time for another look.
    private mutating func wait(_ now: Now, _ chance: Double, why: UpstreamFault?) -> Step {
        if let fallback { return .done(deferred(fallback)) }
        var length = min(limits.longestPoll, limits.firstPoll * Double(1 << min(polls, 16)))
        polls += 1
        // Whoever waits for another broker's token looks once more before its own callers are told that there is none.
        let left = deadline - now.monotonic
        if why == nil, left > limits.firstPoll * 2 { length = min(length, left / 2) }
        let next = now.monotonic + max(length * (0.5 + chance), min(why?.retryAfter ?? .zero, limits.longestPoll))
        guard next < deadline else {
            return .done(deferred(nil, why ?? Self.elsewhere))
        }
        return .pause(until: next)
    }

    /// Another broker is getting the token, and there was no time to see it arrive.
    private static let elsewhere = UpstreamFault(.unavailable, code: .refreshElsewhere, retryAfter: .seconds(1))

    /// The trip's end while another broker is on it.
    private func deferred(_ token: AccessToken?, _ fault: UpstreamFault? = nil) -> Outcome {
        var outcome = outcome(token, fault)
        outcome.deferral = deferral
        return outcome
    }

    /// The trip's end, with what it has seen of the shared tier.
    private func outcome(_ token: AccessToken? = nil, _ fault: UpstreamFault? = nil) -> Outcome {
        var outcome = Outcome(token: token, fault: fault)
        outcome.trip = need.trip
        outcome.purpose = need.purpose
        outcome.sharedVersion = latest.version
        if holds { outcome.heldLease = seen.leaseVersion }
        return outcome
    }

    /// A pause is over.
    package mutating func paused(_ now: Now) -> Step { .read }

    /// The trip is given up: nobody waits for it any more.
    package func cancelled() -> Step { .done(outcome(fallback, UpstreamFault(.timedOut))) }

    // MARK: The issuer

    /// `why` is what the trip ends in when there is no time to ask.
    private mutating func issue(_ now: Now, why: UpstreamFault? = nil) -> Step {
        if let held = need.issuerHeld { return .done(outcome(fallback, held)) }
        guard deadline - now.monotonic >= limits.leastIssue else {
            return .done(deferred(fallback, why ?? Self.elsewhere))
        }
        return .issue
    }

    package func issued(_ token: AccessToken, _ now: Now) -> Step {
        var outcome = outcome(token)
        outcome.askedIssuer = true
        if let wait = token.quotaLowFor { outcome.notice = notice(.spare, min(wait, Lease.longestSparing), now) }
        // Whoever waits for it is not to wait any longer.
        if let purpose = limits.tooLarge(token) { outcome.notice = notice(purpose, .zero, now) }
        return .done(outcome)
    }

    package func issueFailed(_ fault: UpstreamFault, _ now: Now) -> Step {
        var outcome = outcome(fallback, fault)
        outcome.askedIssuer = true
        if fault.isIssuersWish {
            let wait = min(max(fault.retryAfter ?? .seconds(1), .seconds(1)), Backoff.longestRetryAfter)
            outcome.notice = notice(.rest, wait, now)
        }
        return .done(outcome)
    }

    /// What goes over our own lease; nil where we hold none.
    private func notice(_ purpose: Lease.Purpose, _ wait: Duration, _ now: Now) -> (Lease, SharedTokenSnapshot)? {
        guard holds else { return nil }
        return (ourLease(purpose, until: seen.theirs(now).wall + wait), seen)
    }

    private func isRejected(_ token: AccessToken) -> Bool { need.rejected.contains { token.value.hasDigest($0) } }

    /// Nobody is without a token while this trip gets none, so it keeps to what the issuer has little of.
    private var isSparing: Bool { need.minTTL == nil && (need.reason == .ahead || need.reason == .rejected) }

    /// A refresh accepts a token from the shared tier only if it is another and later one: a sibling was quicker.
    private func accepts(_ found: AccessToken, _ now: Now) -> Bool {
        guard found.isFresh(now), found.lasts(need.minTTL, now, buffer: buffer) else { return false }
        guard need.reason != .cold, need.reason != .rejected, let current = need.current, !isRejected(current) else {
            return true
        }
        return found.value != current.value && found.expiry.wall > current.expiry.wall
    }
}
