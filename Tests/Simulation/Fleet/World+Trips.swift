import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyUpstream

// A trip's steps, sent to the store and the issuer and answered by them.
extension World {
    /// Does what a trip says is next.
    mutating func take(_ step: TokenRefresh.Step, _ index: Int) {
        brokers[index].flight?.step += 1
        guard let flight = brokers[index].flight else { return }
        let (life, number) = (brokers[index].life, flight.step)
        let deadline = min(flight.deadline, now + scenario.timeout)
        switch step {
        case .done(let outcome): land(index, outcome)
        case .pause(let end): events.put(.paused(index, life: life, step: number), at: end)
        case .read: send(.storeRead(index, life: life, step: number, StoreCall(deadline: deadline)))
        case .claim(let lease, let seen, let end):
            // Without the lease everyone goes on to the issuer as if it were theirs.
            guard scenario.hasLease else {
                return events.put(.storeClaimBack(index, life: life, step: number, .success(true)), at: now)
            }
            let call = StoreCall(deadline: end)
            send(.storeClaim(index, life: life, step: number, call, lease, base: seen.leaseVersion))
        case .issue:
            events.put(.issuer(index, life: life, step: number, deadline: deadline), at: now + .milliseconds(10))
        }
    }

    /// A request on its way to the store.
    mutating func send(_ event: Event) { events.put(event, at: now + random(scenario.storeLatency)) }

    mutating func handleTrip(_ event: Event) {
        switch event {
        case .paused(let index, let life, let step):
            advance(index, life, step) { trip, now, _ in trip.paused(now) }
        case .storeRead(let index, let life, let step, let call): read(index, life, step, call)
        case .storeReadBack(let index, let life, let step, let result):
            noteStore(index, life, isFailing: (try? result.get()) == nil)
            // What an answer shows of the store's clock is held against our clock as it is when the answer comes.
            let clock = hasJustJumped(index) ? storeClock(index) : nil
            let buffer = buffer
            advance(index, life, step) { trip, now, chance in
                switch result {
                case .success(var view):
                    view.clock = clock ?? view.clock
                    let judgement = view.judged(from: .parameterStore, now: now, buffer: buffer)
                    return trip.read(view, judgement, now, chance: chance)
                case .failure(let fault): return trip.readFailed(fault, now, chance: chance)
                }
            }
        case .storeClaim(let index, let life, let step, let call, let lease, let base):
            claim(index, life, step, call, lease, base)
        case .storeClaimBack(let index, let life, let step, let result):
            advance(index, life, step) { trip, now, chance in
                switch result {
                case .success(let isOurs): trip.claimed(isOurs, now, chance: chance)
                case .failure(let fault): trip.claimFailed(fault, now, chance: chance)
                }
            }
        case .issuer(let index, let life, let step, let deadline): issue(index, life, step, deadline)
        case .issuerBack(let index, let life, let step, let result): issued(index, life, step, result)
        default: return
        }
    }

    /// As `TierHealth` does for a broker: it is told when the store answers again.
    private mutating func noteStore(_ index: Int, _ life: Int, isFailing: Bool) {
        guard brokers[index].life == life else { return }
        if brokers[index].isStoreFailing, !isFailing {
            brokers[index].state.recovered(.parameterStore, isShared: true, clock(index))
        }
        brokers[index].isStoreFailing = isFailing
    }

    private mutating func advance(
        _ index: Int, _ life: Int, _ step: Int, _ next: (inout TokenRefresh, Now, Double) -> TokenRefresh.Step
    ) {
        guard brokers[index].life == life, var flight = brokers[index].flight, flight.step == step else { return }
        let step = next(&flight.trip, clock(index), chance)
        brokers[index].flight?.trip = flight.trip
        take(step, index)
    }

    // MARK: The store

    private mutating func read(_ index: Int, _ life: Int, _ step: Int, _ call: StoreCall) {
        if let fault = storeFault() {
            return back(call, fault) { .storeReadBack(index, life: life, step: step, .failure($0)) }
        }
        if var view = store.read(truth) {
            view.clock = storeClock(index)
            return answer(call, .success(view)) { .storeReadBack(index, life: life, step: step, $0) }
        }
        retry(call) {
            .storeRead(index, life: life, step: step, $0)
        } failed: {
            .storeReadBack(index, life: life, step: step, .failure($0))
        }
    }

    private mutating func claim(
        _ index: Int, _ life: Int, _ step: Int, _ call: StoreCall, _ lease: Lease, _ base: Int64
    ) {
        func answer(_ result: Result<Bool, UpstreamFault>) -> Event {
            .storeClaimBack(index, life: life, step: step, result)
        }
        if scenario.deniesWrites {
            return events.put(
                answer(.failure(UpstreamFault(.denied, upstream: .parameterStore))), at: now + .milliseconds(10))
        }
        let fault = storeFault()
        // Half of the failures happen on the way back: the write has been done.
        if let fault, chance < 0.5 { return back(call, fault) { answer(.failure($0)) } }
        let lag = scenario.longestLag * chance
        switch store.put(.lease, lease.text, overwrite: base > 0, lag: lag, truth) {
        // A lease is tried for once: whoever is turned away looks whether another has it before trying again.
        case .throttled: back(call, throttled) { answer(.failure($0)) }
        case .exists: self.answer(call, .success(false), event: answer)
        case .written(let version):
            if let fault = fault ?? lateAnswer { return back(call, fault) { answer(.failure($0)) } }
            self.answer(call, .success(version == base + 1), event: answer)
        }
    }

    private var throttled: UpstreamFault {
        UpstreamFault(.throttled, upstream: .parameterStore, code: "ThrottlingException")
    }

    /// A call that fails otherwise than by throttling, now and then.
    mutating func storeFault() -> UpstreamFault? {
        guard scenario.storeFaults > 0, chance < scenario.storeFaults else { return nil }
        return UpstreamFault(chance < 0.5 ? .timedOut : .unavailable, upstream: .parameterStore)
    }

    /// What the client makes of an answer that comes too late.
    var lateAnswer: UpstreamFault? {
        scenario.answersWritesLate ? UpstreamFault(.timedOut, upstream: .parameterStore) : nil
    }

    /// The answer that tells of a failure: at once, or after the caller's patience.
    mutating func back(_ call: StoreCall, _ fault: UpstreamFault, answer: (UpstreamFault) -> Event) {
        let time = fault.reason == .timedOut ? max(now, call.deadline) : now + random(scenario.storeLatency)
        events.put(answer(fault), at: time)
    }

    /// The store's answer on its way back, which is of no use after the deadline.
    private mutating func answer<Value: Sendable>(
        _ call: StoreCall, _ value: Result<Value, UpstreamFault>, event: (Result<Value, UpstreamFault>) -> Event
    ) {
        let time = now + random(scenario.storeLatency)
        guard time <= call.deadline else {
            let fault = UpstreamFault(.timedOut, upstream: .parameterStore)
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

    private mutating func issue(_ index: Int, _ life: Int, _ step: Int, _ deadline: MonotonicTime) {
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

    private mutating func issued(_ index: Int, _ life: Int, _ step: Int, _ result: Result<String, UpstreamFault>) {
        let (lifetime, buffer) = (scenario.lifetime, buffer)
        advance(index, life, step) { trip, now, _ in
            switch result {
            case .failure(let fault): return trip.issueFailed(fault, now)
            case .success(let text):
                let value = TokenText.secret(text)
                // The answer took a while, and issuers round down: what is left is less than the lifetime.
                let left = TokenText.expiry(value).map { $0 - now.monotonic } ?? lifetime
                let grant = IssuedGrant(
                    value: value, tokenType: "Bearer", expiresIn: .seconds(left.components.seconds), scope: nil)
                do throws(UpstreamFault) {
                    return trip.issued(try AccessToken(grant, from: .auth0, now: now, buffer: buffer), now)
                } catch {
                    return trip.issueFailed(error, now)
                }
            }
        }
    }
}
