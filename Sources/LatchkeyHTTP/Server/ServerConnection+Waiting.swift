internal import LatchkeyCore
internal import LatchkeyNet

// What a connection waits for, and for how long.

extension ServerConnection {
    /// Between requests, owing nothing.
    var isResting: Bool {
        phase == .head && messageStart == nil && replies.isEmpty && unsent.isEmpty
    }

    func updateInterest(on loop: EventLoop) {
        let reads = phase == .lingering || (mayParse && !peerFinished)
        let writes = !unsent.isEmpty
        let wanted = Readiness(
            rawValue: (reads ? Readiness.read.rawValue : 0) | (writes ? Readiness.write.rawValue : 0))
        guard wanted != interest, let id else { return }
        interest = wanted
        loop.setInterest(wanted, of: id, descriptor: socket.descriptor)
    }

    /// When patience ends, by what the connection is waiting for.
    private var deadline: Int64 {
        let times = worker.times
        if phase == .lingering { return since &+ times.linger }
        if !unsent.isEmpty { return since &+ times.stalledWrite }
        if phase == .body { return (messageStart ?? since) &+ times.request }
        if let messageStart, mayParse { return messageStart &+ times.head }
        if !replies.isEmpty { return .max }  // a handler has it, and the handler has a deadline of its own
        return since &+ (isDraining ? times.drainGrace : times.idle)
    }

    /// Keeps one timer at or before the deadline. A deadline that moves later, as it does with every request, costs
    /// nothing: the timer finds out when it fires.
    func armTimer(on loop: EventLoop) {
        let deadline = deadline
        if let timer {
            if timer.at <= deadline { return }
            loop.cancel(timer.id)
        }
        guard deadline < .max else { return timer = nil }
        let id = loop.schedule(at: MonotonicTime(nanoseconds: deadline)) { loop in
            // Held strongly: closing cancels the timer, and a weak reference would slow every use of the object down.
            self.timerFired(on: loop)
        }
        timer = (id, deadline)
    }

    private func timerFired(on loop: EventLoop) {
        timer = nil
        if loop.now.nanoseconds < deadline { return armTimer(on: loop) }
        if phase == .lingering { return close(on: loop) }
        if unsent.isEmpty, messageStart != nil {
            worker.reply.now = loop.now
            refuse(.timedOut)
            return settle(on: loop)
        }
        close(on: loop)
    }
}
