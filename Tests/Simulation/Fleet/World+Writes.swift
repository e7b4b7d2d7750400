import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics

// A new token's way into the store: token, then expiry, behind the callers' backs.
extension World {
    private static let attempts = 5

    /// Has a token written, once the write under way is over.
    mutating func offer(_ index: Int, _ token: AccessToken, _ outcome: TokenRefresh.Outcome) {
        let end = outcome.isTorn ? now + scenario.timeout * 2 : token.writeBy
        offer(
            index,
            SimulatedBroker.Write(
                pair: StoredToken(token), text: token.value.revealText() ?? "", by: end, notice: outcome.notice))
    }

    mutating func offer(_ index: Int, _ write: SimulatedBroker.Write) {
        guard brokers[index].writing == nil else {
            brokers[index].nextWrite = write
            return
        }
        brokers[index].writing = write
        put(.token, index)
    }

    private mutating func put(_ name: StoreModel.Name, _ index: Int) {
        guard let write = brokers[index].writing else { return }
        let call = StoreCall(deadline: min(write.by, now + scenario.timeout * 2))
        // The answer to the first write has shown the store's clock.
        let value = name == .token ? write.text : write.pair.dated(by: storeClock(index)).expires
        send(.storeWrite(index, life: brokers[index].life, name, call, value))
    }

    /// Has what the issuer wishes written over our own lease.
    mutating func send(_ notice: (lease: Lease, seen: SharedTokenSnapshot), _ index: Int) {
        send(.storeNotice(index, notice.lease, base: notice.seen.leaseVersion))
    }

    mutating func handleWrite(_ event: Event) {
        switch event {
        case .storeNotice(_, let lease, let base):
            guard !scenario.deniesWrites, storeFault() == nil else { return }
            _ = store.put(.lease, lease.text, overwrite: base > 0, lag: scenario.longestLag * chance, truth)
        case .storeWrite(let index, let life, let name, let call, let value): arrive(index, life, name, call, value)
        case .storeWriteBack(let index, let life, let name, let fault):
            guard brokers[index].life == life else { return }
            returned(index, name, fault)
        case .writeAgain(let index, let life):
            guard brokers[index].life == life, let write = brokers[index].writing else { return }
            if now < write.by { put(.token, index) } else { writeNext(index) }
        default: return
        }
    }

    /// What a crashed broker had sent arrives all the same; what it was still to send does not.
    private mutating func arrive(
        _ index: Int, _ life: Int, _ name: StoreModel.Name, _ call: StoreCall, _ value: String
    ) {
        if scenario.deniesWrites {
            let fault = UpstreamFault(.denied, upstream: .parameterStore)
            return events.put(.storeWriteBack(index, life: life, name, fault), at: now + .milliseconds(10))
        }
        if let fault = storeFault() {
            return back(call, fault) { .storeWriteBack(index, life: life, name, $0) }
        }
        // The client has given up, and closed its connection, by then.
        guard now < call.deadline else {
            let fault = UpstreamFault(.timedOut, upstream: .parameterStore)
            return back(call, fault) { .storeWriteBack(index, life: life, name, $0) }
        }
        let lag = scenario.longestLag * chance
        if case .throttled = store.put(name, value, overwrite: true, lag: lag, truth) {
            return retry(call) {
                .storeWrite(index, life: life, name, $0, value)
            } failed: {
                .storeWriteBack(index, life: life, name, $0)
            }
        }
        if let fault = lateAnswer { return back(call, fault) { .storeWriteBack(index, life: life, name, $0) } }
        events.put(.storeWriteBack(index, life: life, name, nil), at: now + random(scenario.storeLatency))
    }

    private mutating func returned(_ index: Int, _ name: StoreModel.Name, _ fault: UpstreamFault?) {
        if fault == nil, name == .token { return put(.expires, index) }
        if let fault, fault.mayPass, brokers[index].nextWrite == nil, let write = brokers[index].writing,
            write.attempt < Self.attempts
        {
            brokers[index].writing?.attempt += 1
            let pause = Duration.seconds(1 << (write.attempt - 1)) * (0.5 + chance)
            return events.put(.writeAgain(index, life: brokers[index].life), at: now + pause)
        }
        writeNext(index)
    }

    private mutating func writeNext(_ index: Int) {
        if let notice = brokers[index].writing?.notice { send(notice, index) }
        brokers[index].writing = brokers[index].nextWrite
        brokers[index].nextWrite = nil
        if brokers[index].writing != nil { put(.token, index) }
    }
}
