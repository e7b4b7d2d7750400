internal import LatchkeyCore
internal import LatchkeyNet

/// One caller's connection, confined to its loop: receives, hands requests to the handler, sends replies in order.
///
/// Bytes are parsed where `recv` put them, in the loop's buffer; only what is left unfinished is copied to the
/// connection. What it holds is bounded: it reads nothing while replies wait to be taken, and in one turn of the loop it
/// does no more than its ``WorkBudget`` allows. All replies of one turn leave in one `send`.
final class ServerConnection: EventHandler {
    private enum Phase {
        case open
        /// Nothing more is answered; what still comes is thrown away until the peer has finished (RFC 9112 §9.6).
        case lingering
        case closed
    }

    private let socket: Socket
    private let worker: ServerWorker
    private let pipeline: RequestPipeline
    private var id: ChannelID?
    private var phase = Phase.open
    private var timer = ConnectionTimer()
    private var interest = Readiness.read
    private var input = ConnectionInput()
    private var lingerBytesLeft = 0
    private var peerFinished = false
    /// The loop will call ``resumed(on:)``.
    private var isQueued = false

    init(socket: consuming Socket, worker: ServerWorker, isOverCapacity: Bool, now: MonotonicTime) {
        self.socket = socket
        self.worker = worker
        pipeline = RequestPipeline(
            worker: worker, clock: ConnectionClock(opened: now.nanoseconds, isOverCapacity: isOverCapacity))
    }

    /// A request of this connection has been let in.
    var hasBroughtRequest: Bool { pipeline.clock.hasBroughtRequest }

    /// Nil when the kernel has no room for one more registration.
    func register(on loop: EventLoop) -> ChannelID? {
        id = try? loop.register(self, descriptor: socket.descriptor, interest: .read)
        pipeline.channel = id
        if id != nil { armTimer(on: loop) }
        return id
    }

    // MARK: Events

    func ready(_ readiness: Readiness, on loop: EventLoop) {
        if phase == .closed { return }
        worker.beginTurn(on: loop)
        if readiness.contains(.error) || (readiness.contains(.hangUp) && !readiness.contains(.read)) {
            return close(on: loop)
        }
        if readiness.contains(.write) { sendUnsent(on: loop) }
        // Who has a turn to come has bytes enough: more of them would only pile up.
        if isQueued || phase == .closed { return }
        if readiness.contains(.read) { receive(on: loop) }
        settle(on: loop)
    }

    func resumed(on loop: EventLoop) {
        isQueued = false
        if phase == .closed { return }
        worker.beginTurn(on: loop)
        pipeline.turnEnded()
        settle(on: loop)
    }

    private func resumeLater(on loop: EventLoop) {
        guard let id, !isQueued else { return }
        isQueued = true
        loop.resumeLater(id)
    }

    private func receive(on loop: EventLoop) {
        switch socket.receive(into: worker.scratch) {
        case .wouldBlock: break
        case .failed: close(on: loop)
        case .moved(0):
            peerFinished = true
            pipeline.callerLeft()
        case .moved(let count):
            received(UnsafeRawBufferPointer(rebasing: worker.scratch[..<count]), on: loop)
        }
    }

    private func received(_ bytes: UnsafeRawBufferPointer, on loop: EventLoop) {
        if phase == .lingering {
            lingerBytesLeft -= bytes.count
            if lingerBytesLeft < 0 { close(on: loop) }
        } else if input.isEmpty {
            let consumed = pipeline.parse(bytes, now: loop.now)
            if consumed < bytes.count { input.append(UnsafeRawBufferPointer(rebasing: bytes[consumed...])) }
        } else {
            input.append(bytes)
            parseInput(on: loop)
        }
    }

    private func parseInput(on loop: EventLoop) {
        // Moved out for the call: the handler runs inside it and must not find the buffer half owned.
        var bytes = ConnectionInput()
        swap(&bytes, &input)
        bytes.consume(bytes.withBytes { pipeline.parse($0, now: loop.now) })
        if phase == .open { input = bytes }
    }

    /// The end of a turn for this connection: render and send what is due, go on parsing where that made room, then say
    /// what to wait for.
    private func settle(on loop: EventLoop) {
        while phase == .open {
            let isOver = !pipeline.renderDue(inputIsEmpty: input.isEmpty) || pipeline.stop == .budget
            flush(on: loop)
            if isOver, !output.isBlocked {
                resumeLater(on: loop)
                break
            }
            pipeline.turnEnded()
            if output.isDue { continue }
            guard pipeline.stop == .blocked, mayParse else { break }
            parseInput(on: loop)
        }
        if phase == .closed { return }
        // The peer has sent all it will: what is incomplete now stays so.
        if peerFinished, pipeline.stop == .needsBytes { pipeline.end() }
        if pipeline.isLast, output.isEmpty { finish(on: loop) }
        if phase == .closed { return }
        if !mayParse { pipeline.clock.pause(loop.now.nanoseconds) }
        updateInterest(on: loop)
        armTimer(on: loop)
    }

    // MARK: Replies

    private var output: ConnectionOutput { _read { yield pipeline.output } }

    private var mayParse: Bool { phase == .open && pipeline.takesMore }

    func complete(_ later: DeferredReply, render: @escaping ReplyQueue.Rendering, on loop: EventLoop) {
        pipeline.output.fulfil(later, with: render)
        if output.isDue { resumeLater(on: loop) }
    }

    private func flush(on loop: EventLoop) {
        if worker.reply.output.isEmpty { return }
        if !pipeline.output.flush(worker.reply, to: socket) { close(on: loop) }
        pipeline.clock.since = loop.now.nanoseconds
    }

    private func sendUnsent(on loop: EventLoop) {
        guard output.isBlocked else { return }
        switch pipeline.output.sendUnsent(to: socket) {
        case .moved: pipeline.clock.since = loop.now.nanoseconds
        case .wouldBlock: break
        case .failed: close(on: loop)
        }
    }

    // MARK: Waiting

    private func updateInterest(on loop: EventLoop) {
        let reads = phase == .lingering || (mayParse && !peerFinished)
        let wanted = Readiness(
            rawValue: (reads ? Readiness.read.rawValue : 0) | (output.isBlocked ? Readiness.write.rawValue : 0))
        guard wanted != interest, let id else { return }
        interest = wanted
        loop.setInterest(wanted, of: id, descriptor: socket.descriptor)
    }

    private var wait: ConnectionClock.Wait {
        if phase == .lingering { return .lingering }
        if output.isBlocked { return .output }
        if isQueued { return .turn }
        if pipeline.isInBody { return mayParse ? .body : .handler }
        if pipeline.clock.messageStart != nil, mayParse { return .head }
        return output.owed > 0 ? .handler : .request(isDraining: pipeline.isDraining)
    }

    private func armTimer(on loop: EventLoop) {
        let deadline = pipeline.clock.deadline(wait, worker.times)
        guard timer.needsSetting(to: deadline) else { return }
        timer.set(at: deadline, on: loop) { loop in
            // Held strongly: closing cancels the timer, and a weak reference would slow every use of the object down.
            self.timerFired(on: loop)
        }
    }

    private func timerFired(on loop: EventLoop) {
        timer.clear()
        let wait = wait
        if loop.now.nanoseconds < pipeline.clock.deadline(wait, worker.times) { return armTimer(on: loop) }
        worker.beginTurn(on: loop)
        switch wait {
        case .body where pipeline.isDiscarding: return close(on: loop)
        case .head, .body: refuse(pipeline.clock.isOverCapacity ? .overloaded : .timedOut)
        case .request where pipeline.clock.isOverCapacity: refuse(.overloaded)
        default: return close(on: loop)
        }
        settle(on: loop)
    }

    private func refuse(_ refusal: ServerRefusal) {
        input.withBytes { pipeline.refuse(refusal, start: $0) }
    }

    // MARK: Ending

    /// Makes room for a newer connection, unless a valid request has just come.
    /// - Returns: whether this one is closed.
    func giveWay(on loop: EventLoop) -> Bool {
        if !isQueued { ready(.read, on: loop) }
        if phase == .closed { return true }
        if hasBroughtRequest, !pipeline.clock.isOverCapacity { return false }
        if phase == .open, !output.isBlocked, output.owed == 0, !pipeline.isDiscarding {
            worker.beginTurn(on: loop)
            refuse(.overloaded)
            flush(on: loop)
        }
        close(on: loop)
        return true
    }

    /// Everything owed has been sent: say so, and wait for the peer so that no reset overtakes the last reply.
    private func finish(on loop: EventLoop) {
        if peerFinished { return close(on: loop) }
        if phase == .lingering { return }
        socket.finishWriting()
        input = ConnectionInput()
        pipeline.drop()
        pipeline.clock.since = loop.now.nanoseconds
        lingerBytesLeft = worker.limits.lingerBytes
        phase = .lingering
    }

    func close(on loop: EventLoop) {
        if phase == .closed { return }
        phase = .closed
        pipeline.callerLeft()
        pipeline.drop()
        input = ConnectionInput()
        pipeline.output.removeAll()
        timer.cancel(on: loop)
        guard let id else { return }
        loop.unregister(id, descriptor: socket.descriptor)
        // The worker's was the last lasting reference: the socket closes when this turn lets go.
        worker.forget(id)
    }

    func beginDraining(on loop: EventLoop) {
        pipeline.isDraining = true
        if case .request = wait { pipeline.clock.since = loop.now.nanoseconds }
        armTimer(on: loop)
    }
}
