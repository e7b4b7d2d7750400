internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import Synchronization

// The path of a caller past memory.
extension TokenBroker {
    func token(
        _ profile: ProfileID, _ ask: TokenDemand, deadline: MonotonicTime, mayRepeat: Bool,
        completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        let now = time.now()
        let buffer = configuration.buffer
        let (maxRefresh, maxForced) = (maxRefresh, configuration.forcedRefreshesPerHour)
        let decision = slots.withLock { slots in
            slots.with(profile) {
                $0.decide(ask, now, buffer: buffer, maxRefresh: maxRefresh, maxForced: maxForced)
            }
        }
        switch decision {
        case nil: tokenOfSuccessor(profile, ask, deadline: deadline, completion)
        case .serve(let entry, let fault):
            telemetry.metrics.tierRequest(.token, .memory, entry.isStale(now) ? .stale : .hit)
            completion(.success(served(entry, of: profile, from: .memory, now, fault)))
        case .refuse(let fault):
            telemetry.metrics.tierRequest(.token, .memory, .miss)
            completion(.failure(fault))
        case .join(let reason, let terms):
            telemetry.metrics.tierRequest(.token, .memory, reason == .forced ? .skipped : .miss)
            join(profile, ask, reason: reason, terms, deadline: deadline, mayRepeat: mayRepeat, completion: completion)
        }
    }

    /// Answers a caller whose profile was redefined or removed.
    private func tokenOfSuccessor(
        _ profile: ProfileID, _ ask: TokenDemand, deadline: MonotonicTime,
        _ completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        guard ask.isByName else { return completion(.failure(.profileChanged)) }
        guard let next = slots.withLock({ $0.successor(of: profile) }) else {
            return completion(.failure(UpstreamFault(.notFound)))
        }
        token(next, ask, deadline: deadline, mayRepeat: true, completion: completion)
    }

    /// Waits for the profile's refresh, and starts it if there is none.
    ///
    /// - Parameter mayRepeat: whether the caller may wait for one more refresh if this one does not serve it: because
    ///   it joined late (``LateJoin``), or because the token does not last as long as it asked for.
    private func join(
        _ profile: ProfileID, _ ask: TokenDemand, reason: RefreshReason, _ terms: ProfileState.JoinTerms,
        deadline: MonotonicTime, mayRepeat: Bool,
        completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        let isLate = mayRepeat && !terms.isNew && refreshes.waiters(on: profile) != nil
        let late = LateJoin(
            since: time.now().monotonic, deadline: deadline, attempt: configuration.upstreamTimeout)
        let joined = refreshes.join(
            profile, isNew: terms.isNew, for: ask.requester, deadline: terms.waitEnd(deadline)
        ) {
            await self.refresh(profile, reason, minTTL: ask.minTTL, deadline: $0)
        } waiter: { outcome in
            let now = self.time.now()
            if isLate, case .failure(let fault) = outcome, late.callsAgain(after: fault, now: now.monotonic),
                self.fallback(profile, now) == nil
            {
                return self.join(
                    profile, ask, reason: reason, terms, deadline: deadline, mayRepeat: false, completion: completion)
            }
            self.answer(
                ask, of: profile, with: outcome, terms, deadline: deadline, mayRepeat: mayRepeat,
                completion: completion)
        }
        if joined { telemetry.metrics.flightJoined(.token) }
    }

    private func served(
        _ entry: TokenEntry, of profile: ProfileID, from tier: Tier, _ now: Now, _ fault: UpstreamFault?
    ) -> ServedToken {
        let isRejected = slots.withLock { $0.with(profile) { $0.isRejected(entry) } } ?? false
        return ServedToken(
            entry, from: tier, isStale: entry.isStale(now), isRejected: isRejected, refreshError: fault)
    }

    /// The valid token in memory after a failed refresh; nil also if the profile was redefined.
    private func fallback(_ profile: ProfileID, _ now: Now) -> TokenEntry? {
        slots.withLock { $0.with(profile) { $0.fallback(now) } } ?? nil
    }

    /// Answers one caller with the result of the refresh that it waited for.
    private func answer(
        _ ask: TokenDemand, of profile: ProfileID, with outcome: Result<TokenEntry, UpstreamFault>,
        _ terms: ProfileState.JoinTerms, deadline: MonotonicTime, mayRepeat: Bool,
        completion: @escaping @Sendable (Result<ServedToken, UpstreamFault>) -> Void
    ) {
        let now = time.now()
        let isOver = refreshes.waiters(on: profile) == nil
        let isCurrent = slots.withLock { slots in
            if isOver { slots.with(profile) { $0.finish() } }
            return slots.isCurrent(profile)
        }
        guard isCurrent else { return tokenOfSuccessor(profile, ask, deadline: deadline, completion) }
        switch outcome {
        case .success(let entry):
            // The refresh may have been started by a caller with a shorter minTTL.
            if mayRepeat, !entry.token.lasts(ask.minTTL, now, buffer: configuration.buffer) {
                token(profile, ask, deadline: deadline, mayRepeat: false, completion: completion)
            } else {
                completion(.success(served(entry, of: profile, from: entry.token.source, now, terms.fault)))
            }
        case .failure(let fault):
            guard let entry = fallback(profile, now) else { return completion(.failure(fault)) }
            telemetry.metrics.staleServed(.token)
            completion(.success(served(entry, of: profile, from: .memory, now, fault)))
        }
    }

    /// How long a refresh after a clear waits for a write of this process. The token of that write saves an issuance.
    private static let maxWriteWait: Duration = .milliseconds(500)

    /// Runs one refresh and applies its result.
    func refresh(
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
        if need.isRedefined, need.current == nil { await writer?.settle(profile) }
        if need.isCleared {
            await writer?.settle(profile, by: min(deadline, time.now().monotonic + Self.maxWriteWait))
        }
        let runner = TokenRefreshRunner(
            profile: definition, shared: shared, buffer: configuration.buffer,
            limits: TokenRefresh.Limits(timeout: configuration.upstreamTimeout, maxTokenBytes: shared?.limit?.bytes),
            holder: configuration.holder, time: time,
            telemetry: telemetry, isCurrent: { self.slots.withLock { $0.isCurrent(profile) } })
        return apply(await runner.run(need, deadline: deadline), to: profile, named: definition.name, reason)
    }

    /// Applies the result of a refresh, unless the profile was redefined.
    private func apply(
        _ outcome: TokenRefresh.Outcome, to profile: ProfileID, named name: String, _ reason: RefreshReason
    ) -> Result<TokenEntry, UpstreamFault> {
        let now = time.now()
        let jitter = time.jitter()
        let result = slots.withLock { slots in
            slots.with(profile) { state in
                let result = state.apply(outcome, reason, now, jitter: jitter)
                telemetry.metrics.tokenRefresh(profile: profile.index, reason, outcome.result)
                if case .success = result {
                    telemetry.metrics.tokenExpiry(profile: profile.index, state.entry?.token.expiry.wall)
                }
                return result
            }
        }
        guard let result else { return .failure(.profileChanged) }
        defer {
            if let update = outcome.leaseUpdate { writer?.offer(.leaseUpdate(update), for: profile, name) }
        }
        guard case .success(let entry) = result,
            let write = outcome.write(of: entry, now, maxRefresh: maxRefresh)
        else { return result }
        let bytes = entry.token.value.count
        if let shared, let limit = shared.limit, outcome.askedIssuer, bytes > limit.bytes {
            telemetry.writeSkipped(
                shared.tier, UpstreamFault(.refused, code: SharedTokenLimit.code),
                why: "\(limit.explanation(of: bytes)): \(limit.remedy)", profile: name)
        } else {
            writer?.offer(write, for: profile, name)
        }
        return result
    }
}
