internal import LatchkeyCore
internal import LatchkeyMetrics
internal import LatchkeyNet

/// One accepted connection, confined to its event loop: receives bytes and sends the replies in order. Its memory and work
/// are bounded: only an incomplete message is copied to it, it reads nothing while replies are unsent, and one turn of the
/// loop does no more than its ``WorkBudget`` allows. All replies of one turn are sent with one `send`.
final class ServerConnection: EventHandler {
    private enum Phase {
        case open
        /// The last reply has been sent. Input is discarded until the peer closes its side (RFC 9112 §9.6).
        case lingering
        case closed
    }

    private var stream: ServerStream
    private let worker: ServerWorker
    private let pipeline: RequestPipeline
    private var id: ChannelID?
    private var phase = Phase.open
    private var timer = ConnectionTimer()
    private var interest = ConnectionInterest()
    private var input = ConnectionInput()
    private var lingerBytesLeft = 0
    private var peerHasFinished = false
    /// Whether the event loop will call ``resumed(on:)``.
    private(set) var isQueued = false
    private(set) var isHandshaking: Bool

    init(stream: consuming ServerStream, pipeline: RequestPipeline) {
        isHandshaking = stream.isTLS
        self.stream = stream
        self.pipeline = pipeline
        worker = pipeline.worker
        pipeline.unixPeer = self.stream.unixPeer
        if worker.handler.commit != nil { pipeline.peerName = self.stream.peerName }
    }

    /// Whether the connection has received a valid request.
    var hasValidRequest: Bool { pipeline.deadlines.hasValidRequest }

    /// Registers the connection with the event loop. Nil when the kernel has no memory for it.
    func register(on loop: EventLoop) -> ChannelID? {
        id = try? loop.register(self, descriptor: stream.descriptor, interest: .read)
        pipeline.channel = id
        if id != nil { armTimer(on: loop) }
        return id
    }

    // MARK: Events

    func ready(_ readiness: Readiness, on loop: EventLoop) {
        if phase == .closed { return }
        worker.beginTurn(on: loop)
        if readiness.isBroken { return close(on: loop) }
        if readiness.contains(.write) { sendUnsent(on: loop) }
        // A connection that waits for its next turn still has unparsed bytes. Reading more would only store them.
        if isQueued || phase == .closed { return }
        if readiness.contains(.read) {
            // A handshake costs as much as many requests. Queued ones share a limited time of each turn of the loop.
            if isHandshaking { return resumeLater(on: loop) }
            receive(on: loop)
        }
        finishTurn(on: loop)
    }

    func resumed(on loop: EventLoop) {
        isQueued = false
        if phase == .closed { return }
        worker.beginTurn(on: loop)
        pipeline.turnEnded()
        if isHandshaking { receive(on: loop) }
        finishTurn(on: loop)
    }

    func resumeLater(on loop: EventLoop) {
        guard let id, !isQueued else { return }
        isQueued = true
        loop.resumeLater(id)
    }

    private func receive(on loop: EventLoop) {
        let buffer = worker.receiveBuffer
        let reading =
            phase == .lingering ? stream.receiveWire(into: buffer) : stream.receive(into: buffer, tls: worker.tls)
        if stream.isTLS { sendRecords(on: loop) }
        if phase == .closed { return }
        switch reading {
        case .nothing: break
        case .failed: close(on: loop)
        case .end: peerHasFinished = true
        case .bytes(let count):
            received(UnsafeRawBufferPointer(rebasing: buffer[..<count]), on: loop)
            Wiping.wipe(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))  // It holds callers' keys.
            if stream.peerHasClosed { peerHasFinished = true }
        case .tlsFailed(let reason): tlsFailed(reason, on: loop)
        case .plainHTTP(let count):
            handshakeEnded(.failed, detail: "plain HTTP")
            pipeline.reject(.plainHTTP, start: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        if peerHasFinished { pipeline.peerDisconnected() }
    }

    /// Sends what TLS itself has to send, and notes when the handshake is complete.
    private func sendRecords(on loop: EventLoop) {
        if !pipeline.output.sendRecords(of: stream) { return close(on: loop) }
        guard isHandshaking, let id else { return }
        guard stream.isEstablished else { return worker.handshakeWaits(id) }
        pipeline.peer = stream.peer
        pipeline.deadlines.waitingSince = loop.now.nanoseconds
        handshakeEnded(stream.isResumed ? .resumed : .ok, detail: stream.summary)
    }

    private func handshakeEnded(_ outcome: HandshakeOutcome, detail: @autoclosure () -> String) {
        guard isHandshaking, let id else { return }
        isHandshaking = false
        worker.handshakeEnded(id, outcome, detail: detail)
    }

    /// The session is over. Its alert has been sent, so that the peer knows why; replies can no longer be.
    private func tlsFailed(_ reason: String, on loop: EventLoop) {
        handshakeEnded(.failed, detail: reason)
        if output.isBlocked { return close(on: loop) }
        pipeline.end()
        beginLingering(on: loop)
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
        // Moved out for the call, because the handler runs within it and may close the connection.
        var bytes = ConnectionInput()
        swap(&bytes, &input)
        bytes.consume(bytes.withBytes { pipeline.parse($0, now: loop.now) })
        if phase == .open { input = bytes }
    }

    /// Ends the turn: renders and sends replies, continues parsing if that made room, then sets interest and timer.
    private func finishTurn(on loop: EventLoop) {
        while phase == .open {
            let isOver = !pipeline.renderDue(inputIsEmpty: input.isEmpty) || pipeline.stopReason == .budget
            flush(on: loop)
            if output.isHeld { return }
            if isOver, !output.isBlocked {
                resumeLater(on: loop)
                break
            }
            pipeline.turnEnded()
            if output.isDue { continue }
            guard pipeline.stopReason == .blocked, mayParse else { break }
            parseInput(on: loop)
        }
        // The peer sends nothing more, so a message that is incomplete now stays incomplete (RFC 9112 §8).
        if peerHasFinished, pipeline.stopReason == .needsBytes { pipeline.stopReading() }
        if phase != .closed, pipeline.isClosing, output.isEmpty { beginLingering(on: loop) }
        if phase == .closed { return }
        if !mayParse { pipeline.deadlines.pause(loop.now.nanoseconds) }
        let reads = phase == .lingering || (mayParse && !peerHasFinished)
        interest.set(reads: reads, writes: output.isBlocked, of: id, descriptor: stream.descriptor, on: loop)
        armTimer(on: loop)
    }

    // MARK: Replies

    private var output: ConnectionOutput { _read { yield pipeline.output } }
    private var mayParse: Bool { phase == .open && pipeline.acceptsMore }

    func complete(_ deferred: DeferredReply, render: @escaping ReplyQueue.Renderer, on loop: EventLoop) {
        pipeline.output.resolve(deferred, with: render)
        if output.isDue { resumeLater(on: loop) }
    }

    /// The requests whose replies were held back are recorded, or cannot be (``ReplyCommit``).
    func committed(_ turn: borrowing HeldReplies, refuse: ReplyCommit.Refuse?, on loop: EventLoop) {
        if phase == .closed { return }
        worker.beginTurn(on: loop)
        pipeline.output.release(from: turn, into: worker.reply, refuse: refuse)
        finishTurn(on: loop)
    }

    private func flush(on loop: EventLoop) {
        if pipeline.output.hold(worker.reply, in: &worker.held) { worker.awaitCommit(of: self) }
        if worker.reply.output.isEmpty { return }
        if !pipeline.output.flush(worker.reply, to: stream) { close(on: loop) }
        pipeline.deadlines.waitingSince = loop.now.nanoseconds
    }

    private func sendUnsent(on loop: EventLoop) {
        guard output.isBlocked else { return }
        switch pipeline.output.sendUnsent(to: stream) {
        case .moved: pipeline.deadlines.waitingSince = loop.now.nanoseconds
        case .wouldBlock: break
        case .failed: close(on: loop)
        }
    }

    // MARK: Waiting

    private var wait: ConnectionDeadlines.Wait {
        if phase == .lingering { return .lingering }
        if isHandshaking { return .handshake(isDraining: pipeline.isDraining) }
        if output.isBlocked { return .output }
        if isQueued { return .turn }
        if let end = pipeline.delay.end { return .delay(until: end) }
        if pipeline.isInBody { return mayParse ? .body : .handler }
        if pipeline.deadlines.messageStart != nil, mayParse { return .head }
        return output.pendingReplies > 0 ? .handler : .request(isDraining: pipeline.isDraining)
    }

    private func armTimer(on loop: EventLoop) {
        let deadline = pipeline.deadlines.deadline(wait, worker.timeouts)
        guard timer.needsSetting(to: deadline) else { return }
        timer.set(at: deadline, on: loop) { loop in
            // A strong reference, because closing cancels the timer. A weak one slows down every use of the object.
            self.timerFired(on: loop)
        }
    }

    private func timerFired(on loop: EventLoop) {
        timer.clear()
        let wait = wait
        if loop.now.nanoseconds < pipeline.deadlines.deadline(wait, worker.timeouts) { return armTimer(on: loop) }
        worker.beginTurn(on: loop)
        switch wait {
        case .handshake: return close(on: loop, handshake: .timedOut)
        case .delay: _ = pipeline.endDelay(inputIsEmpty: input.isEmpty)
        case .body where pipeline.isDiscarding: return close(on: loop)
        case .head, .body: reject(pipeline.deadlines.isOverCapacity ? .overloaded : .timedOut)
        case .request where pipeline.deadlines.isOverCapacity: reject(.overloaded)
        default: return close(on: loop)
        }
        finishTurn(on: loop)
    }

    private func reject(_ rejection: ServerRejection) { input.withBytes { pipeline.reject(rejection, start: $0) } }

    // MARK: Ending

    /// Closes the connection for a newer one, unless a valid request has just arrived. Returns whether it is closed.
    func evict(on loop: EventLoop) -> Bool {
        if isHandshaking { close(on: loop, handshake: .refused) } else if !isQueued { ready(.read, on: loop) }
        if phase == .closed { return true }
        if hasValidRequest, !pipeline.deadlines.isOverCapacity { return false }
        if phase == .open, !output.isBlocked, output.pendingReplies == 0, !pipeline.isDiscarding {
            worker.beginTurn(on: loop)
            reject(.overloaded)
            flush(on: loop)
        }
        close(on: loop)
        return true
    }

    /// Closes the sending side and waits for the peer, because a reset could overtake the last reply (RFC 9112 §9.6).
    private func beginLingering(on loop: EventLoop) {
        if peerHasFinished { return close(on: loop) }
        if phase == .lingering { return }
        stream.sendCloseNotify()
        stream.finishWriting()
        input = ConnectionInput()
        pipeline.discardBody()
        pipeline.deadlines.waitingSince = loop.now.nanoseconds
        lingerBytesLeft = worker.limits.lingerBytes
        phase = .lingering
    }

    /// - Parameter handshake: how the TLS handshake ended, if it was not complete.
    func close(on loop: EventLoop, handshake: HandshakeOutcome = .aborted) {
        if phase == .closed { return }
        handshakeEnded(handshake, detail: "closed")
        if phase == .open, !output.isBlocked { stream.sendCloseNotify() }
        phase = .closed
        pipeline.end()
        input = ConnectionInput()
        timer.cancel(on: loop)
        guard let id else { return }
        loop.unregister(id, descriptor: stream.descriptor)
        // The worker holds the last lasting reference. The socket closes when this turn releases the object.
        worker.remove(id, of: pipeline.listener)
    }

    /// Ends the connection after its replies, or after the grace period.
    func beginDraining(on loop: EventLoop) {
        pipeline.isDraining = true
        if pipeline.endDelay(inputIsEmpty: input.isEmpty), output.isDue { resumeLater(on: loop) }
        if isHandshaking { pipeline.deadlines.waitingSince = loop.now.nanoseconds }
        if case .request = wait { pipeline.deadlines.waitingSince = loop.now.nanoseconds }
        armTimer(on: loop)
    }
}
