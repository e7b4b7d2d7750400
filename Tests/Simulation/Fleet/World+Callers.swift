import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics

// The callers, and the answers that they get.
extension World {
    private var maxWait: Duration { scenario.timeout * 2 }

    /// Each broker has one caller, which requests a token, waits for the answer, and requests one again later.
    mutating func call(_ index: Int) {
        report.callers += 1
        if brokers[index].firstCall == nil { brokers[index].firstCall = now }
        let clock = clock(index)
        switch brokers[index].state.hit(clock, minTTL: nil, buffer: buffer, maxRefresh: maxWait) {
        case .fresh(let entry), .stale(let entry, _), .rejected(let entry, _): serve(index, entry, since: now)
        case .due(let entry):
            serve(index, entry, since: now)
            startRefresh(index, .ahead)
        case .miss: miss(index, clock)
        }
    }

    private mutating func miss(_ index: Int, _ clock: Now) {
        switch brokers[index].state.decide(TokenDemand(), clock, buffer: buffer, maxRefresh: maxWait) {
        case .serve(let entry, _): serve(index, entry, since: now)
        case .refuse(let fault): refuse(index, fault, since: now)
        case .join(let reason, let terms):
            let end = terms.waitEnd(now + maxWait)
            brokers[index].waiters.append(SimulatedBroker.Waiter(since: now, deadline: end))
            events.put(.giveUp(index, life: brokers[index].life), at: end)
            if brokers[index].running == nil { startRefresh(index, reason) }
        }
    }

    /// Answers the callers that have reached their deadline.
    mutating func giveUp(_ index: Int) {
        let due = brokers[index].waiters.filter { $0.deadline <= now }
        brokers[index].waiters.removeAll { $0.deadline <= now }
        for waiter in due { fail(index, UpstreamFault(.timedOut), since: waiter.since) }
    }

    /// Answers a caller after a failed refresh: with the token in memory if it is valid, else with the failure.
    private mutating func fail(_ index: Int, _ fault: UpstreamFault, since: MonotonicTime) {
        guard let entry = brokers[index].state.fallback(clock(index)) else {
            return refuse(index, fault, since: since)
        }
        serve(index, entry, since: since)
    }

    private mutating func serve(_ index: Int, _ entry: TokenEntry, since: MonotonicTime) {
        report.served += 1
        answered(since: since)
        events.put(.call(index), at: now + scenario.callEvery * (0.5 + chance))
        if let expiry = TokenText.expiry(entry.token.value), expiry <= now {
            report.violations.append("broker \(index) served a token \(now - expiry) past its expiry")
        }
        let text = entry.token.value.revealText() ?? ""
        if brokers[index].rejected.contains(text) {
            report.servedRejected += 1
            if !brokers[index].state.isRejected(entry) {
                report.violations.append("broker \(index) served a rejected token without marking it")
            }
        }
        if chance < scenario.rejections {
            events.put(.rejected(index, life: brokers[index].life, text), at: now + .milliseconds(20))
        }
        if let gap = brokers[index].refusedSince {
            report.maxGap = max(report.maxGap, now - gap)
            if let end = scenario.issuerOutage.map({ start + .seconds($0.upperBound) }), gap < end {
                report.maxRecovery = max(report.maxRecovery, now - end)
            }
            brokers[index].refusedSince = nil
        }
        guard !brokers[index].hasHadToken, let first = brokers[index].firstCall else { return }
        brokers[index].hasHadToken = true
        report.maxColdWait = max(report.maxColdWait, now - first)
    }

    /// A resource server rejects the token, and the broker is notified.
    mutating func reject(_ index: Int, _ text: String) {
        brokers[index].rejected.insert(text)
        let effect = brokers[index].state.reject(SHA256.hash(text), by: "caller", clock(index), maxRefresh: maxWait)
        if effect == .refresh { startRefresh(index, .rejected) }
    }

    /// Refuses a caller. It comes back after `Retry-After`.
    private mutating func refuse(_ index: Int, _ fault: UpstreamFault, since: MonotonicTime) {
        report.refused += 1
        report.faultsTold.insert(fault.reason)
        // HTTP answers that are throttled always have Retry-After.
        if fault.retryAfter == nil, fault.reason != .throttled { report.refusalsWithoutWait += 1 }
        if brokers[index].hasHadToken { brokers[index].refusedSince = brokers[index].refusedSince ?? since }
        answered(since: since)
        events.put(.call(index), at: now + max(.seconds(1), fault.retryAfter ?? .seconds(1)))
    }

    private mutating func answered(since: MonotonicTime) {
        report.maxAnswerTime = max(report.maxAnswerTime, now - since)
        if now - since > maxWait { report.violations.append("a caller waited \(now - since)") }
    }

    private mutating func startRefresh(_ index: Int, _ reason: RefreshReason) {
        guard brokers[index].running == nil else { return }
        let clock = clock(index)
        var running = SimulatedBroker.Running(
            refresh: TokenRefresh(
                brokers[index].state.need(reason, minTTL: nil, clock), limits: limits, buffer: buffer,
                holder: "b\(index)-\(brokers[index].life)", isShared: true, now: clock, deadline: now + maxWait),
            reason: reason, since: now, deadline: now + maxWait)
        let step = running.refresh.begin(clock)
        brokers[index].running = running
        take(step, index)
    }

    /// Ends a refresh: applies its outcome and answers its callers.
    mutating func finish(_ index: Int, _ outcome: TokenRefresh.Outcome) {
        guard let running = brokers[index].running else { return }
        brokers[index].running = nil
        report.maxRefreshTime = max(report.maxRefreshTime, now - running.since)
        // A message may be in transit at the deadline.
        if now - running.since > maxWait + .seconds(scenario.storeLatency.upperBound * 2) {
            report.violations.append("a refresh took \(now - running.since)")
        }
        let result = brokers[index].state.apply(outcome, running.reason, clock(index), jitter: chance)
        let waiters = brokers[index].waiters
        brokers[index].waiters = []
        switch result {
        case .success(let entry):
            for waiter in waiters { serve(index, entry, since: waiter.since) }
            if let write = outcome.write(of: entry, clock(index), maxRefresh: maxWait) { offer(write, index) }
        case .failure(let fault):
            for waiter in waiters { fail(index, fault, since: waiter.since) }
        }
        if let update = outcome.leaseUpdate { offer(.leaseUpdate(update), index) }
    }
}
