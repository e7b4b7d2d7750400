internal import LatchkeyCore
internal import LatchkeyNet

/// One accepted connection, confined to its event loop: receives bytes, answers requests, and sends the replies in order.
///
/// Bytes are parsed in the buffer of the event loop, and only an incomplete message is copied to the connection. Its memory
/// and work are bounded: it reads nothing while replies are unsent, and in one turn of the event loop it does no more than
/// its ``WorkBudget`` allows. All replies of one turn are sent with one `send`.
final class ServerConnection: EventHandler {
    private enum Phase {
        case open
        /// The last reply has been sent. Input is discarded until the peer closes its side (RFC 9112 §9.6).
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
    private var peerHasFinished = false
    /// Whether the event loop will call ``resumed(on:)``.
    private var isQueued = false

    init(socket: consuming Socket, worker: ServerWorker, isOverCapacity: Bool, now: MonotonicTime) {
        self.socket = socket
        self.worker = worker
        pipeline = RequestPipeline(
            worker: worker, deadlines: ConnectionDeadlines(openedAt: now.nanoseconds, isOverCapacity: isOverCapacity))
    }

    /// Whether the connection has received a valid request.
    var hasValidRequest: Bool { pipeline.deadlines.hasValidRequest }

    /// Registers the connection with the event loop. Nil when the kernel has no memory for it.
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
        // A connection that waits for its next turn still has unparsed bytes. Reading more would only store them.
        if isQueued || phase == .closed { return }
        if readiness.contains(.read) { receive(on: loop) }
        finishTurn(on: loop)
    }

    func resumed(on loop: EventLoop) {
        isQueued = false
        if phase == .closed { return }
        worker.beginTurn(on: loop)
        pipeline.turnEnded()
        finishTurn(on: loop)
    }

    private func resumeLater(on loop: EventLoop) {
        guard let id, !isQueued else { return }
        isQueued = true
        loop.resumeLater(id)
    }

    private func receive(on loop: EventLoop) {
        switch socket.receive(into: worker.receiveBuffer) {
        case .wouldBlock: break
        case .failed: close(on: loop)
        case .moved(0):
            peerHasFinished = true
            pipeline.peerDisconnected()
        case .moved(let count):
            received(UnsafeRawBufferPointer(rebasing: worker.receiveBuffer[..<count]), on: loop)
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
        // Moved out for the call, because the handler runs within it and may close the connection.
        var bytes = ConnectionInput()
        swap(&bytes, &input)
        bytes.consume(bytes.withBytes { pipeline.parse($0, now: loop.now) })
        if phase == .open { input = bytes }
    }

    /// Ends the turn of this connection: renders and sends replies, continues parsing if that made room, then sets interest
    /// and timer.
    private func finishTurn(on loop: EventLoop) {
        while phase == .open {
            let isOver = !pipeline.renderDue(inputIsEmpty: input.isEmpty) || pipeline.stopReason == .budget
            flush(on: loop)
            if isOver, !output.isBlocked {
                resumeLater(on: loop)
                break
            }
            pipeline.turnEnded()
            if output.isDue { continue }
            guard pipeline.stopReason == .blocked, mayParse else { break }
            parseInput(on: loop)
        }
        if phase == .closed { return }
        // The peer sends nothing more, so a message that is incomplete now stays incomplete (RFC 9112 §8).
        if peerHasFinished, pipeline.stopReason == .needsBytes { pipeline.stopReading() }
        if pipeline.isClosing, output.isEmpty { beginLingering(on: loop) }
        if phase == .closed { return }
        if !mayParse { pipeline.deadlines.pause(loop.now.nanoseconds) }
        updateInterest(on: loop)
        armTimer(on: loop)
    }

    // MARK: Replies

    private var output: ConnectionOutput { _read { yield pipeline.output } }

    private var mayParse: Bool { phase == .open && pipeline.acceptsMore }

    func complete(_ deferred: DeferredReply, render: @escaping ReplyQueue.Renderer, on loop: EventLoop) {
        pipeline.output.resolve(deferred, with: render)
        if output.isDue { resumeLater(on: loop) }
    }

    private func flush(on loop: EventLoop) {
        if worker.reply.output.isEmpty { return }
        if !pipeline.output.flush(worker.reply, to: socket) { close(on: loop) }
        pipeline.deadlines.waitingSince = loop.now.nanoseconds
    }

    private func sendUnsent(on loop: EventLoop) {
        guard output.isBlocked else { return }
        switch pipeline.output.sendUnsent(to: socket) {
        case .moved: pipeline.deadlines.waitingSince = loop.now.nanoseconds
        case .wouldBlock: break
        case .failed: close(on: loop)
        }
    }

    // MARK: Waiting

    private func updateInterest(on loop: EventLoop) {
        let reads = phase == .lingering || (mayParse && !peerHasFinished)
        let wanted = Readiness(
            rawValue: (reads ? Readiness.read.rawValue : 0) | (output.isBlocked ? Readiness.write.rawValue : 0))
        guard wanted != interest, let id else { return }
        interest = wanted
        loop.setInterest(wanted, of: id, descriptor: socket.descriptor)
    }

    private var wait: ConnectionDeadlines.Wait {
        if phase == .lingering { return .lingering }
        if output.isBlocked { return .output }
        if isQueued { return .turn }
        if pipeline.isInBody { return mayParse ? .body : .handler }
        if pipeline.deadlines.messageStart != nil, mayParse { return .head }
        return output.pendingReplies > 0 ? .handler : .request(isDraining: pipeline.isDraining)
    }

    private func armTimer(on loop: EventLoop) {
        let deadline = pipeline.deadlines.deadline(wait, worker.timeouts)
        guard timer.needsSetting(to: deadline) else { return }
        timer.set(at: deadline, on: loop) { loop in
            // A strong reference, because closing cancels the timer. A weak one would slow down every use of the object.
            self.timerFired(on: loop)
        }
    }

    private func timerFired(on loop: EventLoop) {
        timer.clear()
        let wait = wait
        if loop.now.nanoseconds < pipeline.deadlines.deadline(wait, worker.timeouts) { return armTimer(on: loop) }
        worker.beginTurn(on: loop)
        switch wait {
        case .body where pipeline.isDiscarding: return close(on: loop)
        case .head, .body: reject(pipeline.deadlines.isOverCapacity ? .overloaded : .timedOut)
        case .request where pipeline.deadlines.isOverCapacity: reject(.overloaded)
        default: return close(on: loop)
        }
        finishTurn(on: loop)
    }

    private func reject(_ rejection: ServerRejection) {
        input.withBytes { pipeline.reject(rejection, start: $0) }
    }

    // MARK: Ending

    /// Closes the connection for a newer one, unless a valid request has just arrived.
    ///
    /// - Returns: whether the connection is closed.
    func evict(on loop: EventLoop) -> Bool {
        if !isQueued { ready(.read, on: loop) }
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

    /// Closes the sending side after the last reply, and waits for the peer: closing the socket at once could reset the
    /// connection before the peer has read the reply (RFC 9112 §9.6).
    private func beginLingering(on loop: EventLoop) {
        if peerHasFinished { return close(on: loop) }
        if phase == .lingering { return }
        socket.finishWriting()
        input = ConnectionInput()
        pipeline.discardBody()
        pipeline.deadlines.waitingSince = loop.now.nanoseconds
        lingerBytesLeft = worker.limits.lingerBytes
        phase = .lingering
    }

    func close(on loop: EventLoop) {
        if phase == .closed { return }
        phase = .closed
        pipeline.peerDisconnected()
        pipeline.discardBody()
        input = ConnectionInput()
        pipeline.output.removeAll()
        timer.cancel(on: loop)
        guard let id else { return }
        loop.unregister(id, descriptor: socket.descriptor)
        // The worker holds the last lasting reference. The socket closes when this turn releases the object.
        worker.remove(id)
    }

    /// Ends the connection after its replies, or after the grace period when it is between requests.
    func beginDraining(on loop: EventLoop) {
        pipeline.isDraining = true
        if case .request = wait { pipeline.deadlines.waitingSince = loop.now.nanoseconds }
        armTimer(on: loop)
    }
}
