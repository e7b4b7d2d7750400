import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics

// What callers do, and what a broker does for them: as the product's broker, without its locks.
extension World {
    private var patience: Duration { scenario.timeout * 2 }

    /// Each broker has one caller, who asks, waits for the answer, and asks again some time later.
    mutating func call(_ index: Int) {
        report.callers += 1
        if brokers[index].firstCall == nil { brokers[index].firstCall = now }
        let clock = clock(index)
        switch brokers[index].state.hit(clock, minTTL: nil, buffer: buffer, flight: patience) {
        case .fresh(let entry), .stale(let entry, _), .rejected(let entry, _): serve(index, entry, since: now)
        case .due(let entry):
            serve(index, entry, since: now)
            fly(index, .ahead)
        case .miss: miss(index, clock)
        }
    }

    private mutating func miss(_ index: Int, _ clock: Now) {
        switch brokers[index].state.decide(TokenAsk(), clock, buffer: buffer, flight: patience) {
        case .serve(let entry, _): serve(index, entry, since: now)
        case .refuse(let fault): refuse(index, fault, since: now)
        case .fly(let reason, let terms):
            let end = min(now + patience, terms.until ?? now + patience)
            brokers[index].waiters.append(SimulatedBroker.Waiter(since: now, deadline: end))
            events.put(.giveUp(index, life: brokers[index].life), at: end)
            if brokers[index].flight == nil { fly(index, reason) }
        }
    }

    /// Callers whose time is up are told so.
    mutating func giveUp(_ index: Int) {
        let due = brokers[index].waiters.filter { $0.deadline <= now }
        brokers[index].waiters.removeAll { $0.deadline <= now }
        for waiter in due { fail(index, UpstreamFault(.timedOut), since: waiter.since) }
    }

    /// A caller gets the token in memory where it is valid, else the failure.
    private mutating func fail(_ index: Int, _ fault: UpstreamFault, since: MonotonicTime) {
        guard let entry = brokers[index].state.entry, entry.token.isValid(clock(index)) else {
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
                report.violations.append("broker \(index) served a refused token and did not say so")
            }
        }
        if chance < scenario.rejections {
            events.put(.rejected(index, life: brokers[index].life, text), at: now + .milliseconds(20))
        }
        if let gap = brokers[index].refusedSince {
            report.longestGap = max(report.longestGap, now - gap)
            if let end = scenario.issuerOutage.map({ start + .seconds($0.upperBound) }), gap < end {
                report.longestRecovery = max(report.longestRecovery, now - end)
            }
            brokers[index].refusedSince = nil
        }
        guard !brokers[index].hasHadToken, let first = brokers[index].firstCall else { return }
        brokers[index].hasHadToken = true
        report.longestColdWait = max(report.longestColdWait, now - first)
    }

    /// A resource server refuses the token, and the broker is told.
    mutating func reject(_ index: Int, _ text: String) {
        brokers[index].rejected.insert(text)
        let effect = brokers[index].state.reject(SHA256.hash(text), by: "caller", clock(index), flight: patience)
        if effect == .look { fly(index, .rejected) }
    }

    /// The caller comes back when it was told to.
    private mutating func refuse(_ index: Int, _ fault: UpstreamFault, since: MonotonicTime) {
        report.refused += 1
        report.faultsTold.insert(fault.reason)
        // Whoever is throttled is always told to come back by HTTP.
        if fault.retryAfter == nil, fault.reason != .throttled { report.refusalsWithoutWait += 1 }
        if brokers[index].hasHadToken { brokers[index].refusedSince = brokers[index].refusedSince ?? since }
        answered(since: since)
        events.put(.call(index), at: now + max(.seconds(1), fault.retryAfter ?? .seconds(1)))
    }

    private mutating func answered(since: MonotonicTime) {
        report.longestAnswer = max(report.longestAnswer, now - since)
        if now - since > patience { report.violations.append("a caller waited \(now - since)") }
    }

    private mutating func fly(_ index: Int, _ reason: RefreshReason) {
        guard brokers[index].flight == nil else { return }
        let clock = clock(index)
        var flight = SimulatedBroker.Flight(
            trip: TokenRefresh(
                brokers[index].state.need(reason, minTTL: nil, clock), limits: limits, buffer: buffer,
                holder: "b\(index)-\(brokers[index].life)", isShared: true, now: clock, deadline: now + patience),
            reason: reason, since: now, deadline: now + patience)
        let step = flight.trip.begin(clock)
        brokers[index].flight = flight
        take(step, index)
    }

    /// A trip is over: its outcome is taken, its callers are answered.
    mutating func land(_ index: Int, _ outcome: TokenRefresh.Outcome) {
        guard let flight = brokers[index].flight else { return }
        brokers[index].flight = nil
        report.longestTrip = max(report.longestTrip, now - flight.since)
        // A message may be on its way when the time is up.
        if now - flight.since > patience + .seconds(scenario.storeLatency.upperBound * 2) {
            report.violations.append("a trip took \(now - flight.since)")
        }
        let result = brokers[index].state.land(outcome, flight.reason, clock(index), chance: chance)
        let waiters = brokers[index].waiters
        brokers[index].waiters = []
        switch result {
        case .success(let entry):
            for waiter in waiters { serve(index, entry, since: waiter.since) }
            if outcome.isTorn || (outcome.askedIssuer && outcome.fault == nil) { offer(index, entry.token, outcome) }
        case .failure(let fault):
            for waiter in waiters { fail(index, fault, since: waiter.since) }
        }
        if let notice = outcome.notice, brokers[index].writing == nil { send(notice, index) }
    }
}
