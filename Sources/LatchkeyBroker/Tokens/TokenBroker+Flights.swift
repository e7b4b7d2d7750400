internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import Synchronization

// What a caller gets past memory.
extension TokenBroker {
    func token(
        _ profile: ProfileID, _ ask: TokenAsk, deadline: MonotonicTime, mayRepeat: Bool,
        completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        let now = time.now()
        let buffer = configuration.buffer
        let flight = longestFlight
        let decision = slots.withLock { slots in
            slots.with(profile) { $0.decide(ask, now, buffer: buffer, flight: flight) }
        }
        switch decision {
        case nil: successor(profile, ask, deadline: deadline, completion)
        case .serve(let entry, let fault):
            probe.metrics.tierRequest(.token, .memory, entry.isStale(now) ? .stale : .hit)
            completion(.success(served(profile, entry, .memory, fault)))
        case .refuse(let fault):
            probe.metrics.tierRequest(.token, .memory, .miss)
            completion(.failure(fault))
        case .fly(let reason, let terms):
            probe.metrics.tierRequest(.token, .memory, reason == .forced ? .skipped : .miss)
            join(profile, ask, reason, terms, deadline: deadline, mayRepeat: mayRepeat, completion)
        }
    }

    /// Answers a caller whose profile is defined otherwise now, or was removed.
    private func successor(
        _ profile: ProfileID, _ ask: TokenAsk, deadline: MonotonicTime,
        _ completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        guard ask.isByName else { return completion(.failure(.profileChanged)) }
        guard let next = slots.withLock({ $0.successor(of: profile) }) else {
            return completion(.failure(UpstreamFault(.notFound)))
        }
        token(next, ask, deadline: deadline, mayRepeat: true, completion: completion)
    }

    /// Waits for the profile's flight, starting it if there is none.
    /// - Parameter mayRepeat: a caller whom this flight does not serve may wait for one more: one who joined late
    ///   (``LateJoin``), or who wants a longer life than the flight's token has left.
    private func join(
        _ profile: ProfileID, _ ask: TokenAsk, _ reason: RefreshReason, _ terms: ProfileState.FlightTerms,
        deadline: MonotonicTime, mayRepeat: Bool,
        _ completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        let isLate = mayRepeat && !terms.isNew && flights.waiters(on: profile) != nil
        let late = LateJoin(
            since: time.now().monotonic, deadline: deadline, attempt: configuration.upstreamTimeout)
        let end = terms.until.map { min($0, deadline) } ?? deadline
        let joined = flights.join(profile, isNew: terms.isNew, deadline: end) {
            await self.fetch(profile, reason, minTTL: ask.minTTL, deadline: $0)
        } waiter: { outcome in
            let now = self.time.now()
            if isLate, case .failure(let fault) = outcome, late.asksAgain(after: fault, now: now.monotonic),
                self.entry(profile)?.token.isValid(now) != true
            {
                return self.join(profile, ask, reason, terms, deadline: deadline, mayRepeat: false, completion)
            }
            self.landed(outcome, profile, ask, terms, deadline: deadline, mayRepeat: mayRepeat, completion)
        }
        if joined { probe.metrics.flightJoined(.token) }
    }

    private func served(
        _ profile: ProfileID, _ entry: TokenEntry, _ tier: Tier, _ fault: UpstreamFault?
    ) -> ServedToken {
        let isRejected = slots.withLock { $0.with(profile) { $0.isRejected(entry) } } ?? false
        return ServedToken(entry: entry, tier: tier, refreshError: fault, isRejected: isRejected)
    }

    /// The token in memory, valid or not; nil also where the profile is defined otherwise now.
    private func entry(_ profile: ProfileID) -> TokenEntry? { slots.withLock { $0.with(profile) { $0.entry } } ?? nil }

    /// Answers one caller with the outcome of the flight it waited for.
    private func landed(
        _ outcome: Result<TokenEntry, UpstreamFault>, _ profile: ProfileID, _ ask: TokenAsk,
        _ terms: ProfileState.FlightTerms, deadline: MonotonicTime, mayRepeat: Bool,
        _ completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        let now = time.now()
        let isOver = flights.waiters(on: profile) == nil
        let isCurrent = slots.withLock { slots in
            if isOver { slots.with(profile) { $0.landed() } }
            return slots.isCurrent(profile)
        }
        guard isCurrent else { return successor(profile, ask, deadline: deadline, completion) }
        switch outcome {
        case .success(let entry):
            // The flight may have been started by someone content with less life.
            if mayRepeat, !entry.token.lasts(ask.minTTL, now, buffer: configuration.buffer) {
                token(profile, ask, deadline: deadline, mayRepeat: false, completion: completion)
            } else {
                completion(.success(served(profile, entry, entry.token.source, terms.fault)))
            }
        case .failure(let fault):
            guard let entry = entry(profile), entry.token.isValid(now) else {
                completion(.failure(fault))
                return
            }
            probe.metrics.staleServed(.token)
            completion(.success(served(profile, entry, .memory, fault)))
        }
    }

    /// After memory was cleared, how long a write of this broker's own is waited for: what it brings spares an issuance.
    private static let writeTime: Duration = .milliseconds(500)

    /// The work of one flight: the trip, and keeping what it brought.
    func fetch(
        _ profile: ProfileID, _ reason: RefreshReason, minTTL: Duration?, deadline: MonotonicTime
    ) async -> Result<TokenEntry, UpstreamFault> {
        let begun = slots.withLock { slots in
            slots.profile(profile).flatMap { found in
                slots.with(profile) { state in (found, state.need(reason, minTTL: minTTL, time.now())) }
            }
        }
        guard let begun else { return .failure(.profileChanged) }
        let definition = begun.0
        var need = begun.1
        need.definition = definition.definition
        if need.isRedefined, need.current == nil { await writes?.settle(profile) }
        if need.isCleared { await writes?.settle(profile, by: min(deadline, time.now().monotonic + Self.writeTime)) }
        let trip = TokenRefreshRunner(
            profile: definition, shared: shared, buffer: configuration.buffer,
            limits: TokenRefresh.Limits(timeout: configuration.upstreamTimeout, longestToken: shared?.limit?.bytes),
            holder: configuration.holder, time: time, sleeper: sleeper, chance: configuration.chance, probe: probe,
            isCurrent: { self.slots.withLock { $0.isCurrent(profile) } })
        return keep(await trip.run(need, deadline: deadline), profile, definition.name, reason)
    }

    /// Keeps what a trip brought, unless the profile is defined otherwise now: then it is nobody's.
    private func keep(
        _ outcome: TokenRefresh.Outcome, _ profile: ProfileID, _ name: String, _ reason: RefreshReason
    ) -> Result<TokenEntry, UpstreamFault> {
        let now = time.now()
        let chance = configuration.chance()
        let landed = slots.withLock { slots in
            slots.with(profile) { state in
                let landed = state.land(outcome, reason, now, chance: chance)
                probe.metrics.tokenRefresh(profile: profile.index, reason, outcome.result)
                if case .success = landed {
                    probe.metrics.tokenExpiry(profile: profile.index, state.entry?.token.expiry.wall)
                }
                return landed
            }
        }
        guard let landed else { return .failure(.profileChanged) }
        defer {
            if let notice = outcome.notice {
                writes?.offer(.notice(notice.lease, seen: notice.seen), for: profile, name)
            }
        }
        // A trip that started later may have brought another token already.
        guard case .success(let entry) = landed, outcome.token?.value == entry.token.value else { return landed }
        if let shared, let limit = shared.limit, outcome.askedIssuer, entry.token.value.count > limit.bytes {
            probe.wroteNot(shared.tier, tooLarge: entry.token.value.count, limit, profile: name)
        } else if outcome.isTorn || (outcome.askedIssuer && outcome.fault == nil) {
            let pair = StoredToken(entry.token, after: outcome.sharedVersion)
            let end = outcome.isTorn ? now.monotonic + longestFlight : entry.token.writeBy
            writes?.offer(.pair(pair, by: end), for: profile, name)
        }
        return landed
    }
}
