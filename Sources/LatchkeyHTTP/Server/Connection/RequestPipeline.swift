internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyNet

/// The requests and replies of one connection: parses bytes, calls the handler and orders the replies.
///
/// It has no socket. ``ServerConnection`` passes it received bytes and sends what it has rendered.
final class RequestPipeline {
    /// Why parsing stopped.
    enum StopReason {
        case needsBytes
        /// Replies must be sent first.
        case blocked
        /// The budget of the turn is used up.
        case budget
    }

    let worker: ServerWorker
    let listener: ListenerTraits
    /// The id by which a ``DeferredReply`` finds the connection.
    var channel: ChannelID?
    /// The socket of the connection.
    let descriptor: Int32
    var deadlines: ConnectionDeadlines
    var output = ConnectionOutput()
    private(set) var stopReason = StopReason.needsBytes
    /// Set by `Connection: close`, a rejection or the end of the peer's stream: requests already received are answered, and
    /// nothing more is read (RFC 9112 §9.6).
    private(set) var isClosing = false
    var isDraining = false
    /// The identity in the client's certificate.
    var peer: PeerIdentity?
    /// The process at the other end of a Unix socket.
    var unixPeer: UnixPeer?
    /// The peer's address as text.
    var peerName: [UInt8] = []
    /// Where the connection comes from. The first use is a system call.
    private(set) lazy var peerNetwork = PeerNetwork(unixPeer, orAddressOf: descriptor)
    /// What the handler keeps for the connection.
    var note: [UInt8] = []
    private var reader = RequestReader()
    /// When the next request was first handled, if it is handled again; otherwise nil.
    private(set) var repeatedSince: MonotonicTime?
    /// The request whose body is being received, unless it has been answered.
    private var admitted: AdmittedRequest?
    var delay: ReplyDelay
    /// Shared with deferred replies, and created for the first of them.
    private var disconnectFlag: DisconnectFlag?

    init(worker: ServerWorker, listener: ListenerTraits, descriptor: Int32, deadlines: ConnectionDeadlines) {
        (self.worker, self.listener, self.descriptor) = (worker, listener, descriptor)
        self.deadlines = deadlines
        delay = ReplyDelay(worker.delayedReplies)
    }

    /// Whether further bytes would be parsed now.
    var acceptsMore: Bool {
        !isClosing && output.acceptsMore(rendered: worker.reply.output.count, limits: worker.limits)
    }

    /// Whether a body is being received.
    var isInBody: Bool { reader.body != nil }

    /// Whether the body being received belongs to a request that has been answered.
    var isDiscarding: Bool { reader.isDiscarding }

    /// Reads nothing more. Requests already received are still answered.
    func stopReading() { isClosing = true }

    /// A turn that ended by its budget is over, and the next one may continue parsing.
    func turnEnded() {
        if stopReason == .budget { stopReason = .blocked }
    }

    /// The peer has closed its side.
    func peerDisconnected() { disconnectFlag?.set() }

    /// Drops a body being received, because the connection is closed or lingers.
    func discardBody() {
        reader.discardBody()
        admitted = nil
    }

    /// Drops requests and replies, because nothing can be received or sent any more.
    func end() {
        isClosing = true
        peerDisconnected()
        discardBody()
        output.removeAll()
        delay.drop()
    }

    // MARK: Requests

    /// Parses and answers messages, as long as output and budget allow.
    ///
    /// - Returns: the number of bytes that are done with.
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

    /// - Returns: the number of bytes that are done with; nil when the rest is an incomplete message.
    private func step(_ bytes: UnsafeRawBufferPointer, now: MonotonicTime) -> Int? {
        switch reader.next(bytes, limits: worker.limits.message) {
        case .needsBytes(let consumed): return consumed == 0 ? nil : consumed
        case .head(let count):
            let head = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            if reader.head.hasBody {
                admit(head, hasNoBodyBytes: bytes.count == count, now: now)
            } else {
                answer(
                    reader.head, bytes: head, body: UnsafeRawBufferPointer(start: nil, count: 0), now: now,
                    worker.handler.answer)
            }
            guard repeatedSince == nil else {
                // The head stays where it is, and is parsed again when the empty reply has made room.
                stopReason = .blocked
                return nil
            }
            return count
        case .mustIdentify(let body, let consumed):
            identify(body)
            return consumed
        case .request(let body, let consumed):
            let handler = admitted?.answer ?? worker.handler.answer
            admitted = nil
            body.headBytes.withUnsafeBytes { head in
                body.bytes.withUnsafeBytes { answer(body.head, bytes: head, body: $0, now: now, handler) }
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

    /// Lets the handler decide from the head what happens to the body.
    ///
    /// - Parameter hasNoBodyBytes: no byte of the body has been received yet.
    private func admit(_ bytes: UnsafeRawBufferPointer, hasNoBodyBytes: Bool, now: MonotonicTime) {
        let head = reader.head
        if deadlines.messageStart == nil { deadlines.messageStart = now.nanoseconds }
        // A final status without 100 Continue leaves open whether the body follows, so the connection is closed
        // (RFC 9110 §10.1.1).
        let closes = head.expectsContinue && hasNoBodyBytes
        let start = worker.reply.output.count
        let noBody = UnsafeRawBufferPointer(start: nil, count: 0)
        switch lend(head, bytes, body: noBody, closes: closes, to: worker.handler.admit) {
        case .answered(let receipt):
            finish(receipt, from: start)
            if isClosing || repeatedSince != nil { return }
            reader.begin(.answered, headBytes: bytes, limits: worker.limits.message)
        case .admitted(let request):
            repeatedSince = nil
            // 100 Continue may be omitted once body bytes have arrived (RFC 9110 §10.1.1).
            if closes { inviteBody() }
            admitted = request
            reader.begin(request.body, headBytes: bytes, limits: worker.limits.message)
        }
    }

    private func inviteBody() {
        let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
        let start = worker.reply.output.count
        worker.reply.append(interim)
        output.enqueue(worker.reply, from: start)
    }

    /// Lets the handler identify the caller from the first part of the body.
    private func identify(_ body: BodyInProgress) {
        guard let request = admitted, let identify = request.identify else { return body.markIdentified() }
        let start = worker.reply.output.count
        body.headBytes.withUnsafeBytes { head in
            body.bytes.withUnsafeBytes { part in
                switch lend(body.head, head, body: part, closes: true, to: identify) {
                case .answered(let receipt):
                    finish(receipt, from: start)
                    discardBody()
                case .identified(let answer):
                    admitted = AdmittedRequest(body: request.body, answer: answer)
                    body.markIdentified()
                }
            }
        }
    }

    /// Lets the handler answer one complete request.
    private func answer(
        _ head: RequestHead, bytes: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer, now: MonotonicTime,
        _ handler: RequestHandler.Answer
    ) {
        messageEnded(now: now)
        let start = worker.reply.output.count
        finish(lend(head, bytes, body: body, closes: false, to: handler), from: start)
    }

    private func messageEnded(now: MonotonicTime) {
        deadlines.messageStart = nil
        deadlines.waitingSince = now.nanoseconds
    }

    /// Calls the handler.
    private func lend<Result: ~Copyable>(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer, closes: Bool,
        to handler: (RequestContext, consuming ReplyWriter) -> Result
    ) -> Result {
        let reply = worker.reply
        reply.isHead = head.method == .head
        reply.closes = closes || !head.keepAlive || isDraining || deadlines.isOverCapacity
        reply.confirmsKeepAlive = head.minorVersion == 0
        return worker.context.lend(head, bytes: bytes, body: body, of: self, to: handler)
    }

    /// Ends a request that is answered, and puts its reply behind the replies that must leave before it.
    ///
    /// - Parameter start: where the reply starts in the output.
    private func finish(_ receipt: borrowing ReplyReceipt, from start: Int) {
        repeatedSince = receipt.isRepeated ? worker.context.started : nil
        if receipt.isRepeated { return delay.drop() }
        isClosing = worker.reply.closes
        if !worker.context.isUnauthenticated { deadlines.hasValidRequest = true }
        if receipt.isDeferred { return delay.drop() }
        if !delay.hold(worker.reply, from: start, in: &output) { output.enqueue(worker.reply, from: start) }
    }

    /// Writes a reply of the server itself, the last one of the connection.
    func reject(_ rejection: ServerRejection, method: RequestMethod?) {
        isClosing = true
        let reply = worker.reply
        let start = reply.output.count
        reply.started = deadlines.messageStart.map { MonotonicTime(nanoseconds: $0) } ?? reply.now
        deadlines.messageStart = nil
        reply.isHead = method == .head
        reply.closes = true
        worker.write(rejection)
        output.enqueue(reply, from: start)
    }

    // MARK: Late replies

    /// Ends the delay of a reply, which is then due. False if none is delayed.
    ///
    /// - Parameter inputIsEmpty: whether no further request has arrived.
    func endDelay(inputIsEmpty: Bool) -> Bool {
        guard let reply = delay.release() else { return false }
        output.resolve(reply, isLast: isDraining && inputIsEmpty && reader.body == nil)
        return true
    }

    func deferReply(blocksPipeline: Bool) -> DeferredReply {
        let reply = worker.reply
        let disconnectFlag = disconnectFlag ?? DisconnectFlag()
        self.disconnectFlag = disconnectFlag
        return DeferredReply(
            loop: worker.loop, channel: channel, sequence: output.reserve(blocksPipeline: blocksPipeline),
            isHead: reply.isHead, closes: reply.closes, confirmsKeepAlive: reply.confirmsKeepAlive,
            disconnectFlag: disconnectFlag)
    }

    /// Renders the replies that are ready.
    ///
    /// - Returns: false when the budget of the turn ended first.
    func renderDue(inputIsEmpty: Bool) -> Bool {
        guard output.isDue else { return true }
        // A drain may have begun after the request: its last reply then announces the close (RFC 9112 §9.6).
        let isEnding = isClosing || (isDraining && inputIsEmpty && reader.body == nil)
        defer { if isEnding, output.pendingReplies == 0 { isClosing = true } }
        return output.renderDue(
            into: worker.reply, budget: &worker.budget, limit: worker.limits.outputBytes, isEnding: isEnding)
    }

    /// Writes a reply of the server itself to the message that starts with `start`.
    func reject(_ rejection: ServerRejection, start: UnsafeRawBufferPointer) {
        reject(rejection, method: reader.method(start: start))
    }
}
