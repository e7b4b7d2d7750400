import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyUpstream

// The steps of refreshes: requests to the store and the issuer, and their answers.
extension World {
    /// Executes the next step of a refresh.
    mutating func take(_ step: TokenRefresh.Step, _ index: Int) {
        brokers[index].running?.step += 1
        guard let running = brokers[index].running else { return }
        let (life, number) = (brokers[index].life, running.step)
        let deadline = min(running.deadline, now + scenario.timeout)
        switch step {
        case .done(let outcome): finish(index, outcome)
        case .pause(let end): events.put(.paused(index, life: life, step: number), at: end)
        case .read: send(.storeRead(index, life: life, step: number, StoreCall(deadline: deadline)))
        case .claim(let lease, let seen, let end):
            // Without leases, each broker continues with the issuer as if it held the lease.
            guard scenario.hasLease else {
                return events.put(.storeClaimBack(index, life: life, step: number, .success(true)), at: now)
            }
            let call = StoreCall(deadline: end)
            send(.storeClaim(index, life: life, step: number, call, LeaseClaim(lease, seen: seen)))
        case .issue:
            events.put(.issuer(index, life: life, step: number, deadline: deadline), at: now + .milliseconds(10))
        }
    }

    /// Sends a request to the store.
    mutating func send(_ event: Event) { events.put(event, at: now + random(scenario.storeLatency)) }

    mutating func handleRefresh(_ event: Event) {
        switch event {
        case .paused(let index, let life, let step):
            advance(index, life: life, step: step) { refresh, now, _ in refresh.paused(now) }
        case .storeRead(let index, let life, let step, let call): read(index, life: life, step: step, call)
        case .storeReadBack(let index, let life, let step, let result):
            recordHealth(index, life, result)
            // The store's clock in an answer is compared with the broker's clock when the answer arrives.
            let clock = hasJustJumped(index) ? storeClock(index) : nil
            let (buffer, tier) = (buffer, tier)
            advance(index, life: life, step: step) { refresh, now, jitter in
                switch result {
                case .success(var snapshot):
                    snapshot.clock = clock ?? snapshot.clock
                    let validity = snapshot.validity(from: tier, now: now, buffer: buffer)
                    return refresh.read(snapshot, validity, now, jitter: jitter)
                case .failure(let fault): return refresh.readFailed(fault, now, jitter: jitter)
                }
            }
        case .storeClaim(let index, let life, let step, let call, let request):
            claim(index, life: life, step: step, call, request)
        case .storeClaimBack(let index, let life, let step, let result):
            advance(index, life: life, step: step) { refresh, now, jitter in
                switch result {
                case .success(let isOurs): refresh.claimed(isOurs, now, jitter: jitter)
                case .failure(let fault): refresh.claimFailed(fault, now, jitter: jitter)
                }
            }
        case .issuer(let index, let life, let step, let deadline): issue(index, life: life, step: step, deadline)
        case .issuerBack(let index, let life, let step, let result): issued(index, life: life, step: step, result)
        default: return
        }
    }

    /// Records the result of a read in the broker's tier health, and notifies the broker of a recovery.
    private mutating func recordHealth(_ index: Int, _ life: Int, _ result: Result<SharedTokenSnapshot, UpstreamFault>)
    {
        guard brokers[index].life == life else { return }
        let clock = clock(index)
        switch result {
        case .success:
            guard brokers[index].health.succeeded(tier, at: clock) else { return }
            brokers[index].state.recovered(tier, isShared: true, clock)
        case .failure(let fault): brokers[index].health.failed(tier, fault, at: clock)
        }
    }

    private mutating func advance(
        _ index: Int, life: Int, step: Int, _ next: (inout TokenRefresh, Now, Double) -> TokenRefresh.Step
    ) {
        guard brokers[index].life == life, var running = brokers[index].running, running.step == step else { return }
        let step = next(&running.refresh, clock(index), chance)
        brokers[index].running?.refresh = running.refresh
        take(step, index)
    }

    // MARK: The store

    private mutating func read(_ index: Int, life: Int, step: Int, _ call: StoreCall) {
        if let fault = storeFault() {
            return back(call, fault) { .storeReadBack(index, life: life, step: step, .failure($0)) }
        }
        if var snapshot = store.read(truth) {
            snapshot.clock = storeClock(index)
            return answer(call, .success(snapshot)) { .storeReadBack(index, life: life, step: step, $0) }
        }
        retry(call) {
            .storeRead(index, life: life, step: step, $0)
        } failed: {
            .storeReadBack(index, life: life, step: step, .failure($0))
        }
    }

    private mutating func claim(_ index: Int, life: Int, step: Int, _ call: StoreCall, _ claim: LeaseClaim) {
        func answer(_ result: Result<Bool, UpstreamFault>) -> Event {
            .storeClaimBack(index, life: life, step: step, result)
        }
        if scenario.deniesWrites {
            let fault = UpstreamFault(.denied, upstream: upstream)
            return events.put(answer(.failure(fault)), at: now + .milliseconds(10))
        }
        let fault = storeFault()
        // In half of the failures the answer is lost: the write has been made.
        if let fault, chance < 0.5 { return back(call, fault) { answer(.failure($0)) } }
        switch store.write(.lease(claim), lag: scenario.maxLag * chance, truth) {
        // A claim is made once. A broker that is throttled reads the store before it claims again.
        case .throttled: back(call, throttled) { answer(.failure($0)) }
        case .done(let isWon):
            if let fault = fault ?? lateAnswer { return back(call, fault) { answer(.failure($0)) } }
            self.answer(call, .success(isWon), event: answer)
        }
    }

    /// The tier where replicas share tokens.
    var tier: Tier { scenario.usesTable ? .dynamodb : .parameterStore }

    var upstream: Upstream { scenario.usesTable ? .dynamodb : .parameterStore }

    var throttled: UpstreamFault {
        UpstreamFault(.throttled, upstream: upstream, code: "ThrottlingException")
    }

    /// A random failure other than throttling; nil for none.
    mutating func storeFault() -> UpstreamFault? {
        guard scenario.storeFaults > 0, chance < scenario.storeFaults else { return nil }
        return UpstreamFault(chance < 0.5 ? .timedOut : .unavailable, upstream: upstream)
    }

    /// The fault of a client whose answer arrives too late.
    var lateAnswer: UpstreamFault? {
        scenario.answersWritesLate ? UpstreamFault(.timedOut, upstream: upstream) : nil
    }

    /// Delivers a failure: a timeout at the deadline, any other at once.
    mutating func back(_ call: StoreCall, _ fault: UpstreamFault, answer: (UpstreamFault) -> Event) {
        let time = fault.reason == .timedOut ? max(now, call.deadline) : now + random(scenario.storeLatency)
        events.put(answer(fault), at: time)
    }

    /// Delivers an answer of the store; a timeout if it would arrive after the deadline.
    private mutating func answer<Value: Sendable>(
        _ call: StoreCall, _ value: Result<Value, UpstreamFault>, event: (Result<Value, UpstreamFault>) -> Event
    ) {
        let time = now + random(scenario.storeLatency)
        guard time <= call.deadline else {
            let fault = UpstreamFault(.timedOut, upstream: upstream)
            return events.put(event(.failure(fault)), at: max(now, call.deadline))
        }
        events.put(event(value), at: time)
    }

    /// The AWS client's standard retry after throttling.
    mutating func retry(
        _ call: StoreCall, _ again: (StoreCall) -> Event, failed: (UpstreamFault) -> Event
    ) {
        let delay = RetryPolicy.delay(after: call.attempt, AWSError(.throttled), jitter: chance)
        guard call.attempt < 3, now + delay < call.deadline else {
            return events.put(failed(throttled), at: now + random(scenario.storeLatency))
        }
        var next = call
        next.attempt += 1
        events.put(again(next), at: now + delay)
    }

    // MARK: The issuer

    private mutating func issue(_ index: Int, life: Int, step: Int, _ deadline: MonotonicTime) {
        report.issuerCalls += 1
        if tokens == 0 || now - start < scenario.lifetime / 2 { report.issuerCallsCold += 1 }
        if scenario.killsFirstHolder, !hasKilledHolder {
            hasKilledHolder = true
            return crash(index)
        }
        let elapsed = Double((now - start).clampedNanoseconds) / 1e9
        let isDown = scenario.issuerOutage?.contains(elapsed) ?? false
        let answered = now + random(scenario.issuerLatency)
        var result: Result<String, UpstreamFault>
        if isDown || chance < scenario.issuerFaults {
            result = .failure(UpstreamFault(.unavailable, upstream: .auth0, code: "http_503"))
        } else if chance < scenario.issuerThrottles {
            result = .failure(UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(3)))
        } else {
            tokens += 1
            report.tokensIssued += 1
            result = .success(makeToken())
        }
        if answered > deadline { result = .failure(UpstreamFault(.timedOut, upstream: .auth0)) }
        events.put(.issuerBack(index, life: life, step: step, result), at: min(answered, deadline))
    }

    private func makeToken() -> String {
        let expires = now + scenario.lifetime
        guard scenario.hasDatedTokens else { return TokenText.make(tokens, expires: expires) }
        return TokenText.makeDated(tokens, expires: expires, at: truth.wall, lifetime: scenario.lifetime)
    }

    private mutating func issued(_ index: Int, life: Int, step: Int, _ result: Result<String, UpstreamFault>) {
        let (lifetime, buffer) = (scenario.lifetime, buffer)
        advance(index, life: life, step: step) { refresh, now, _ in
            switch result {
            case .failure(let fault): return refresh.issueFailed(fault, now)
            case .success(let text):
                let value = TokenText.secret(text)
                // The answer took a while, and issuers round down, so less than the lifetime is left.
                let left = TokenText.expiry(value).map { $0 - now.monotonic } ?? lifetime
                let grant = TokenResponse(
                    value: value, tokenType: "Bearer", expiresIn: .seconds(left.components.seconds), scope: nil)
                do throws(UpstreamFault) {
                    return refresh.issued(try AccessToken(grant, from: .auth0, now: now, buffer: buffer), now)
                } catch {
                    return refresh.issueFailed(error, now)
                }
            }
        }
    }
}
