import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics

// Writes of new tokens to the store in the background: the token, then its expiry.
extension World {
    private static let attempts = 5

    /// Writes a token after the write in progress.
    mutating func offer(_ index: Int, _ token: AccessToken, _ outcome: TokenRefresh.Outcome) {
        let end = outcome.isTorn ? now + scenario.timeout * 2 : token.writeBy
        offer(
            index,
            SimulatedBroker.Write(
                pair: StoredToken(token), text: token.value.revealText() ?? "", by: end,
                leaseUpdate: outcome.leaseUpdate))
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
        // The answer to the first write contained the store's clock.
        let value = name == .token ? write.text : write.pair.dated(by: storeClock(index)).expires
        send(.storeWrite(index, life: brokers[index].life, name, call, value))
    }

    /// Writes an update of the broker's own lease.
    mutating func send(_ leaseUpdate: LeaseUpdate, _ index: Int) {
        send(.storeLeaseUpdate(index, leaseUpdate.lease, base: leaseUpdate.seen.leaseVersion))
    }

    mutating func handleWrite(_ event: Event) {
        switch event {
        case .storeLeaseUpdate(_, let lease, let base):
            guard !scenario.deniesWrites, storeFault() == nil else { return }
            _ = store.put(.lease, lease.text, overwrite: base > 0, lag: scenario.maxLag * chance, truth)
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

    /// Executes a write. The writes that a crashed broker had sent arrive; later ones do not.
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
        // The client has given up and closed its connection.
        guard now < call.deadline else {
            let fault = UpstreamFault(.timedOut, upstream: .parameterStore)
            return back(call, fault) { .storeWriteBack(index, life: life, name, $0) }
        }
        let lag = scenario.maxLag * chance
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
        if let leaseUpdate = brokers[index].writing?.leaseUpdate { send(leaseUpdate, index) }
        brokers[index].writing = brokers[index].nextWrite
        brokers[index].nextWrite = nil
        if brokers[index].writing != nil { put(.token, index) }
    }
}
