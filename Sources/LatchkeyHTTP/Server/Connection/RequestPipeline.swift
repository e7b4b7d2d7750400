internal import LatchkeyCore
internal import LatchkeyNet

/// The requests of one connection and their replies: takes bytes, asks the handler, puts replies in order. Knows no
/// socket; ``ServerConnection`` gives it bytes and sends what it rendered.
final class RequestPipeline {
    /// Why parsing stopped.
    enum Stop {
        case needsBytes
        /// Replies are owed first.
        case blocked
        /// The turn is over.
        case budget
    }

    let worker: ServerWorker
    /// Where ``DeferredReply`` finds the connection again.
    var channel: ChannelID?
    var clock: ConnectionClock
    var output = ConnectionOutput()
    private(set) var stop = Stop.needsBytes
    /// After `Connection: close`, a refusal or the peer's end: what is owed is answered, nothing more is read.
    private(set) var isLast = false
    var isDraining = false
    private var reader = RequestReader()
    /// For those who answer later; made for the first of them.
    private var presence: DisconnectFlag?

    init(worker: ServerWorker, clock: ConnectionClock) {
        self.worker = worker
        self.clock = clock
    }

    /// More bytes would be parsed.
    var takesMore: Bool {
        !isLast && output.takesMore(rendered: worker.reply.output.count, limits: worker.limits)
    }

    /// A body is coming.
    var isInBody: Bool { reader.body != nil }

    /// The body that is coming belongs to a request that has been answered.
    var isDiscarding: Bool { reader.isDiscarding }

    /// Nothing more is read; what is owed is still answered.
    func end() { isLast = true }

    /// The turn that the budget ended is over: the next may parse on.
    func turnEnded() {
        if stop == .budget { stop = .blocked }
    }

    /// The caller has closed its end.
    func callerLeft() { presence?.leave() }

    /// The connection is closed, or nothing more of it is read.
    func drop() { reader.drop() }

    // MARK: Requests

    /// Takes as many messages as `bytes` hold, and as there is room and time for.
    /// - Returns: how many bytes are done with.
    func parse(_ bytes: UnsafeRawBufferPointer, now: MonotonicTime) -> Int {
        clock.resume(now.nanoseconds)
        var offset = 0
        stop = .needsBytes
        while offset < bytes.count {
            if !takesMore {
                stop = .blocked
                break
            }
            if !worker.budget.take({ .current }) {
                stop = .budget
                break
            }
            guard let consumed = step(UnsafeRawBufferPointer(rebasing: bytes[offset...]), now: now) else { break }
            offset += consumed
        }
        if isLast { return bytes.count }
        if offset < bytes.count, clock.messageStart == nil { clock.messageStart = now.nanoseconds }
        return offset
    }

    /// - Returns: how many bytes are done with; nil where the rest is incomplete.
    private func step(_ bytes: UnsafeRawBufferPointer, now: MonotonicTime) -> Int? {
        switch reader.next(bytes, limits: worker.limits.message) {
        case .needsBytes(let consumed): return consumed == 0 ? nil : consumed
        case .head(let count):
            let head = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            if reader.head.hasBody {
                admit(head, isAlone: bytes.count == count, now: now)
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
        case .refused(let refusal, let method):
            refuse(.malformed(refusal), method: method)
            return bytes.count
        case .brokeOff:
            isLast = true
            return bytes.count
        }
    }

    /// Decides from the head of a request with a body whether the body is wanted.
    /// - Parameter isAlone: nothing of the body has come yet.
    private func admit(_ bytes: UnsafeRawBufferPointer, isAlone: Bool, now: MonotonicTime) {
        let head = reader.head
        if clock.messageStart == nil { clock.messageStart = now.nanoseconds }
        // Whether a caller that was not invited still sends the body cannot be known (RFC 9110 §10.1.1).
        let admission = lend(head, bytes, closes: head.expectsContinue && isAlone) { worker.handler.admit($0) }
        if case .answered = admission {
            if isLast { return }
        } else if head.expectsContinue, isAlone {
            // Only where the caller waits for it: bytes that are already here need no invitation.
            inviteBody()
        }
        reader.begin(admission, headBytes: bytes, limits: worker.limits.message)
    }

    private func inviteBody() {
        let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
        let start = worker.reply.output.count
        worker.reply.append(interim)
        output.rendered(worker.reply, from: start)
    }

    /// Asks whether the caller is known by what has come of the body.
    private func identify(_ body: BodyInProgress) {
        var isKnown = false
        body.headBytes.withUnsafeBytes { head in
            body.bytes.withUnsafeBytes { part in
                lend(body.head, head, body: part, closes: true) { exchange in
                    isKnown = worker.handler.identify(exchange)
                    return isKnown ? .keep(limit: .max, callerWithin: nil) : .answered
                }
                return
            }
        }
        if isKnown { body.identified() } else { reader.drop() }
    }

    /// Hands one whole request to the handler and puts its reply, or its place, in order.
    private func answer(
        _ head: RequestHead, bytes: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer, now: MonotonicTime
    ) {
        messageEnded(now: now)
        lend(head, bytes, body: body, closes: false) { exchange in
            worker.handler.answer(exchange)
            return .answered
        }
    }

    private func messageEnded(now: MonotonicTime) {
        clock.messageStart = nil
        clock.since = now.nanoseconds
    }

    /// Lends a request to the handler. Where it is answered, the reply, or its place, is put in order.
    @discardableResult
    private func lend(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer,
        body: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0), closes: Bool,
        to handler: (RequestContext) -> BodyAdmission
    ) -> BodyAdmission {
        let (reply, exchange) = (worker.reply, worker.exchange)
        let start = reply.output.count
        reply.isHead = head.method == .head
        reply.closes = closes || !head.keepAlive || isDraining || clock.isOverCapacity
        reply.confirmsKeepAlive = head.minorVersion == 0
        let admission = exchange.lend(head, bytes: bytes, body: body, of: self, to: handler)
        guard case .answered = admission else { return admission }
        isLast = reply.closes
        if !exchange.callerIsUnknown { clock.hasBroughtRequest = true }
        if exchange.wasPutOff { return admission }
        if reply.output.count == start { worker.refuse(.unanswered, reply) }
        output.rendered(reply, from: start)
        return admission
    }

    /// The server's own answer, the last of the connection.
    func refuse(_ refusal: ServerRefusal, method: RequestMethod?) {
        isLast = true
        let reply = worker.reply
        let start = reply.output.count
        reply.started = clock.messageStart.map { MonotonicTime(nanoseconds: $0) } ?? reply.now
        clock.messageStart = nil
        reply.isHead = method == .head
        reply.closes = true
        worker.refuse(refusal, reply)
        output.rendered(reply, from: start)
    }

    // MARK: Replies that come later

    func deferReply(_ reply: ReplyWriter, alone: Bool) -> DeferredReply? {
        guard let channel else { return nil }
        let presence = presence ?? DisconnectFlag()
        self.presence = presence
        return DeferredReply(
            loop: worker.loop, channel: channel, sequence: output.wait(alone: alone), isHead: reply.isHead,
            closes: reply.closes, confirmsKeepAlive: reply.confirmsKeepAlive, presence: presence)
    }

    /// - Returns: false where the turn is over before all that is due was rendered.
    func renderDue(inputIsEmpty: Bool) -> Bool {
        guard output.isDue else { return true }
        // Draining may have begun since: the last reply owed is then the one that says so.
        let isEnding = isLast || (isDraining && inputIsEmpty && reader.body == nil)
        defer { if isEnding, output.owed == 0 { isLast = true } }
        return output.renderDue(
            into: worker.reply, budget: &worker.budget, limit: worker.limits.outputBytes, isEnding: isEnding
        ) { worker.refuse(.unanswered, $0) }
    }

    /// Renders the server's own answer to the message that starts with `start`.
    func refuse(_ refusal: ServerRefusal, start: UnsafeRawBufferPointer) {
        refuse(refusal, method: reader.method(start: start))
    }
}
