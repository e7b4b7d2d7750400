import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics

// Writes to the shared tier in the background.
extension World {
    /// Makes a write, now or after the write in progress. It ends the pause between two attempts.
    mutating func offer(_ write: SharedWrite, _ index: Int) {
        brokers[index].writes.offer(write)
        if brokers[index].writing?.isPausing ?? true { startNextWrite(index) }
    }

    private mutating func startNextWrite(_ index: Int) {
        brokers[index].writeCount += 1
        brokers[index].writing = brokers[index].writes.next().map {
            SimulatedBroker.Writing(write: $0, number: brokers[index].writeCount)
        }
        sendWrite(index)
    }

    private mutating func sendWrite(_ index: Int) {
        switch brokers[index].writing?.write {
        case nil: return
        case .pair(let pair, let end):
            let dated = pair.dated(by: storeClock(index), clock(index))
            send(scenario.usesTable ? .pair(dated) : .token(pair.token.revealText() ?? ""), index, by: end)
        case .leaseUpdate(let update):
            let call = StoreCall(deadline: now + scenario.timeout)
            let request = StoreRequest.lease(LeaseClaim(update.lease, seen: update.seen))
            send(.storeWrite(index, life: brokers[index].life, request, call))
        }
    }

    private mutating func send(_ request: StoreRequest, _ index: Int, by end: MonotonicTime) {
        let call = StoreCall(deadline: min(end, now + scenario.timeout * 2))
        send(.storeWrite(index, life: brokers[index].life, request, call))
    }

    mutating func handleWrite(_ event: Event) {
        switch event {
        case .storeWrite(let index, let life, let request, let call): execute(request, of: index, life: life, call)
        case .storeWriteBack(let index, let life, let request, let fault):
            guard brokers[index].life == life else { return }
            returned(index, request, fault)
        case .writeAgain(let index, let life, let number):
            guard brokers[index].life == life, let writing = brokers[index].writing, writing.number == number else {
                return
            }
            guard case .pair(_, let end) = writing.write, now < end else { return startNextWrite(index) }
            brokers[index].writing?.isPausing = false
            sendWrite(index)
        default: return
        }
    }

    /// Executes a write. The writes that a crashed broker had sent arrive; later ones do not.
    private mutating func execute(_ request: StoreRequest, of index: Int, life: Int, _ call: StoreCall) {
        func back(_ fault: UpstreamFault?) -> Event { .storeWriteBack(index, life: life, request, fault) }
        if scenario.deniesWrites {
            return events.put(back(UpstreamFault(.denied, upstream: upstream)), at: now + .milliseconds(10))
        }
        if let fault = storeFault() { return self.back(call, fault) { back($0) } }
        // The client has given up and closed its connection.
        guard now < call.deadline else {
            return self.back(call, UpstreamFault(.timedOut, upstream: upstream)) { back($0) }
        }
        if case .throttled = store.write(request, lag: scenario.maxLag * randomUnit, truth) {
            // A lease is written without retries.
            if case .lease = request { return self.back(call, throttled) { back($0) } }
            return retry(call) {
                .storeWrite(index, life: life, request, $0)
            } failed: {
                back($0)
            }
        }
        if let fault = lateAnswer { return self.back(call, fault) { back($0) } }
        events.put(back(nil), at: now + random(scenario.storeLatency))
    }

    private mutating func returned(_ index: Int, _ request: StoreRequest, _ fault: UpstreamFault?) {
        guard case .pair(let pair, let end) = brokers[index].writing?.write else { return startNextWrite(index) }
        guard let fault else {
            guard case .token = request else { return startNextWrite(index) }
            // The answer to the first write contained the store's clock.
            return send(.expires(pair.dated(by: storeClock(index), clock(index)).expires), index, by: end)
        }
        guard let delay = brokers[index].writes.retryDelay(after: fault, jitter: randomUnit) else {
            return startNextWrite(index)
        }
        brokers[index].writing?.isPausing = true
        let number = brokers[index].writing?.number ?? 0
        events.put(.writeAgain(index, life: brokers[index].life, number), at: now + delay)
    }
}
