internal import LatchkeyCore
internal import LatchkeyNet

/// The requests of one connection and their replies: takes bytes, asks the handler, puts replies in order. Knows no
/// socket; ``ServerConnection`` gives it bytes and sends what it rendered.
final class RequestPipeline {
    /// Why parsing stopped.
    enum StopReason {
        case needsBytes
        /// Replies are owed first.
        case blocked
        /// The turn is over.
        case budget
    }

    let worker: ServerWorker
    /// Where ``DeferredReply`` finds the connection again.
    var channel: ChannelID?
    var deadlines: ConnectionDeadlines
    var output = ConnectionOutput()
    private(set) var stopReason = StopReason.needsBytes
    /// After `Connection: close`, a rejection or the peer's end: what is owed is answered, nothing more is read.
    private(set) var isClosing = false
    var isDraining = false
    private var reader = RequestReader()
    /// For those who answer later; made for the first of them.
    private var disconnectFlag: DisconnectFlag?

    init(worker: ServerWorker, deadlines: ConnectionDeadlines) {
        self.worker = worker
        self.deadlines = deadlines
    }

    /// More bytes would be parsed.
    var acceptsMore: Bool {
        !isClosing && output.acceptsMore(rendered: worker.reply.output.count, limits: worker.limits)
    }

    /// A body is coming.
    var isInBody: Bool { reader.body != nil }

    /// The body that is coming belongs to a request that has been answered.
    var isDiscarding: Bool { reader.isDiscarding }

    /// Nothing more is read; what is owed is still answered.
    func stopReading() { isClosing = true }

    /// The turn that the budget ended is over: the next may parse on.
    func turnEnded() {
        if stopReason == .budget { stopReason = .blocked }
    }

    /// The caller has closed its end.
    func peerDisconnected() { disconnectFlag?.set() }

    /// The connection is closed, or nothing more of it is read.
    func discardInput() { reader.discardBody() }

    // MARK: Requests

    /// Takes as many messages as `bytes` hold, and as there is room and time for.
    /// - Returns: how many bytes are done with.
    func parse(_ bytes: UnsafeRawBufferPointer, now: MonotonicTime) -> Int {
        deadlines.resume(now.nanoseconds)
        var offset = 0
        stopReason = .needsBytes
        while offset < bytes.count {
            if !acceptsMore {
                stopReason = .blocked
                break
            }
            if !worker.budget.take({ .current }) {
                stopReason = .budget
                break
            }
            guard let consumed = step(UnsafeRawBufferPointer(rebasing: bytes[offset...]), now: now) else { break }
            offset += consumed
        }
        if isClosing { return bytes.count }
        if offset < bytes.count, deadlines.messageStart == nil { deadlines.messageStart = now.nanoseconds }
        return offset
    }

    /// - Returns: how many bytes are done with; nil where the rest is incomplete.
    private func step(_ bytes: UnsafeRawBufferPointer, now: MonotonicTime) -> Int? {
        switch reader.next(bytes, limits: worker.limits.message) {
        case .needsBytes(let consumed): return consumed == 0 ? nil : consumed
        case .head(let count):
            let head = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            if reader.head.hasBody {
                admit(head, hasNoBodyBytes: bytes.count == count, now: now)
            } else {
                answer(reader.head, bytes: head, body: UnsafeRawBufferPointer(start: nil, count: 0), now: now)
            }
            return count
        case .mustIdentify(let body, let consumed):
            identify(body)
            return consumed
        case .request(let body, let consumed):
            body.headBytes.withUnsafeBytes { head in
                body.bytes.withUnsafeBytes { answer(body.head, bytes: head, body: $0, now: now) }
            }
            return consumed
        case .bodyEnded(let consumed):
            messageEnded(now: now)
            return consumed
        case .rejected(let rejection, let method):
            reject(.malformed(rejection), method: method)
            return bytes.count
        case .aborted:
            isClosing = true
            return bytes.count
        }
    }

    /// Decides from the head of a request with a body whether the body is wanted.
    /// - Parameter hasNoBodyBytes: nothing of the body has come yet.
    private func admit(_ bytes: UnsafeRawBufferPointer, hasNoBodyBytes: Bool, now: MonotonicTime) {
        let head = reader.head
        if deadlines.messageStart == nil { deadlines.messageStart = now.nanoseconds }
        // Whether a caller that was not invited still sends the body cannot be known (RFC 9110 §10.1.1).
        let admission = lend(head, bytes, closes: head.expectsContinue && hasNoBodyBytes) { worker.handler.admit($0) }
        if case .answered = admission {
            if isClosing { return }
        } else if head.expectsContinue, hasNoBodyBytes {
            // Only where the caller waits for it: bytes that are already here need no invitation.
            inviteBody()
        }
        reader.begin(admission, headBytes: bytes, limits: worker.limits.message)
    }

    private func inviteBody() {
        let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
        let start = worker.reply.output.count
        worker.reply.append(interim)
        output.enqueue(worker.reply, from: start)
    }

    /// Asks whether the caller is known by what has come of the body.
    private func identify(_ body: BodyInProgress) {
        var isKnown = false
        body.headBytes.withUnsafeBytes { head in
            body.bytes.withUnsafeBytes { part in
                lend(body.head, head, body: part, closes: true) { context in
                    isKnown = worker.handler.identify(context)
                    return isKnown ? .keep(limit: .max, callerWithin: nil) : .answered
                }
                return
            }
        }
        if isKnown { body.markIdentified() } else { reader.discardBody() }
    }

    /// Hands one whole request to the handler and puts its reply, or its place, in order.
    private func answer(
        _ head: RequestHead, bytes: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer, now: MonotonicTime
    ) {
        messageEnded(now: now)
        lend(head, bytes, body: body, closes: false) { context in
            worker.handler.answer(context)
            return .answered
        }
    }

    private func messageEnded(now: MonotonicTime) {
        deadlines.messageStart = nil
        deadlines.waitingSince = now.nanoseconds
    }

    /// Lends a request to the handler. Where it is answered, the reply, or its place, is put in order.
    @discardableResult
    private func lend(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer,
        body: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0), closes: Bool,
        to handler: (RequestContext) -> BodyAdmission
    ) -> BodyAdmission {
        let (reply, context) = (worker.reply, worker.context)
        let start = reply.output.count
        reply.isHead = head.method == .head
        reply.closes = closes || !head.keepAlive || isDraining || deadlines.isOverCapacity
        reply.confirmsKeepAlive = head.minorVersion == 0
        let admission = context.lend(head, bytes: bytes, body: body, of: self, to: handler)
        guard case .answered = admission else { return admission }
        isClosing = reply.closes
        if !context.callerIsUnknown { deadlines.hasValidRequest = true }
        if context.isDeferred { return admission }
        if reply.output.count == start { worker.reject(.unanswered, reply) }
        output.enqueue(reply, from: start)
        return admission
    }

    /// The server's own answer, the last of the connection.
    func reject(_ rejection: ServerRefusal, method: RequestMethod?) {
        isClosing = true
        let reply = worker.reply
        let start = reply.output.count
        reply.started = deadlines.messageStart.map { MonotonicTime(nanoseconds: $0) } ?? reply.now
        deadlines.messageStart = nil
        reply.isHead = method == .head
        reply.closes = true
        worker.reject(rejection, reply)
        output.enqueue(reply, from: start)
    }

    // MARK: Replies that come later

    func deferReply(_ reply: ReplyWriter, blocksPipeline: Bool) -> DeferredReply? {
        guard let channel else { return nil }
        let disconnectFlag = disconnectFlag ?? DisconnectFlag()
        self.disconnectFlag = disconnectFlag
        return DeferredReply(
            loop: worker.loop, channel: channel, sequence: output.reserve(blocksPipeline: blocksPipeline),
            isHead: reply.isHead,
            closes: reply.closes, confirmsKeepAlive: reply.confirmsKeepAlive, disconnectFlag: disconnectFlag)
    }

    /// - Returns: false where the turn is over before all that is due was rendered.
    func renderDue(inputIsEmpty: Bool) -> Bool {
        guard output.isDue else { return true }
        // Draining may have begun since: the last reply owed is then the one that says so.
        let isEnding = isClosing || (isDraining && inputIsEmpty && reader.body == nil)
        defer { if isEnding, output.pendingReplies == 0 { isClosing = true } }
        return output.renderDue(
            into: worker.reply, budget: &worker.budget, limit: worker.limits.outputBytes, isEnding: isEnding
        ) { worker.reject(.unanswered, $0) }
    }

    /// Renders the server's own answer to the message that starts with `start`.
    func reject(_ rejection: ServerRefusal, start: UnsafeRawBufferPointer) {
        reject(rejection, method: reader.method(start: start))
    }
}
