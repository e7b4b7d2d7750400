internal import LatchkeyCore
internal import LatchkeyNet

/// One caller's connection, confined to its loop: reads, parses, hands requests to the handler, sends replies in order.
///
/// Bytes are parsed where `recv` put them, in the loop's buffer; only an unfinished message is copied to the
/// connection. All replies of one turn leave in one `send`.
///
/// What is not private is for `ServerConnection+Waiting.swift` alone.
final class ServerConnection: EventHandler {
    /// What the next bytes are.
    enum Phase {
        case head
        case body
        /// Nothing more is answered; what still comes is thrown away until the peer has finished (RFC 9112 §9.6).
        case lingering
        case closed
    }

    let isOverCapacity: Bool
    let socket: Socket
    let worker: ServerWorker
    var id: ChannelID?
    private var parser = RequestParser()
    var phase = Phase.head
    /// The request whose body is coming, in that phase.
    private var body: BodyInProgress?
    private var lingerBytesLeft = 0
    /// The start of a message whose rest has not come.
    private var unparsed: [UInt8] = []
    var replies = ReplyQueue()
    /// Rendered replies the kernel has not taken.
    var unsent: [UInt8] = []
    var interest = Readiness.read
    /// After `Connection: close`, a refusal or the peer's end: what is owed is answered, nothing more is read.
    private var isLast = false
    var peerFinished = false
    /// When the first byte of the message now coming arrived; nil between messages.
    var messageStart: Int64?
    /// When the connection last came to rest, the kernel last took bytes, or lingering began.
    var since: Int64
    var isDraining = false
    var timer: (id: TimerID, at: Int64)?
    /// For those who answer later; made for the first of them.
    private var presence: CallerPresence?

    init(socket: consuming Socket, worker: ServerWorker, isOverCapacity: Bool, now: MonotonicTime) {
        self.socket = socket
        self.worker = worker
        self.isOverCapacity = isOverCapacity
        since = now.nanoseconds
    }

    /// False when the kernel has no room for one more registration.
    func register(on loop: EventLoop) -> Bool {
        guard let id = try? loop.register(self, descriptor: socket.descriptor, interest: .read) else { return false }
        self.id = id
        worker.connections[id] = self
        armTimer(on: loop)
        return true
    }

    // MARK: Events

    func ready(_ readiness: Readiness, on loop: EventLoop) {
        worker.reply.now = loop.now
        if readiness.contains(.error) || (readiness.contains(.hangUp) && !readiness.contains(.read)) {
            return close(on: loop)
        }
        if readiness.contains(.write) { sendUnsent(on: loop) }
        if readiness.contains(.read) { receive(on: loop) }
        settle(on: loop)
    }

    private func receive(on loop: EventLoop) {
        switch socket.receive(into: worker.scratch) {
        case .wouldBlock: break
        case .failed: close(on: loop)
        case .moved(0):
            peerFinished = true
            isLast = true
            presence?.leave()
        case .moved(let count):
            received(UnsafeRawBufferPointer(rebasing: worker.scratch[..<count]), on: loop)
        }
    }

    private func received(_ bytes: UnsafeRawBufferPointer, on loop: EventLoop) {
        if phase == .lingering {
            lingerBytesLeft -= bytes.count
            if lingerBytesLeft < 0 { close(on: loop) }
            return
        }
        if unparsed.isEmpty {
            let consumed = parse(bytes, on: loop)
            if consumed < bytes.count { unparsed.append(contentsOf: bytes[consumed...]) }
        } else {
            unparsed.append(contentsOf: bytes)
            parseUnparsed(on: loop)
        }
    }

    private func parseUnparsed(on loop: EventLoop) {
        // Moved out for the call: the handler runs inside it and must not find the buffer half owned.
        var bytes: [UInt8] = []
        swap(&bytes, &unparsed)
        let consumed = bytes.withUnsafeBytes { parse($0, on: loop) }
        bytes.removeFirst(consumed)
        unparsed = bytes
    }

    /// The loop's end of a turn for this connection: send what is ready, go on parsing where that made room, then say
    /// what to wait for.
    func settle(on loop: EventLoop) {
        while true {
            flush(on: loop)
            guard mayParse, !unparsed.isEmpty else { break }
            let before = unparsed.count
            parseUnparsed(on: loop)
            if unparsed.count == before { break }
        }
        if phase == .closed { return }
        if isLast, replies.isEmpty, unsent.isEmpty { finish(on: loop) }
        if phase == .closed { return }
        updateInterest(on: loop)
        armTimer(on: loop)
    }

    // MARK: Requests

    var mayParse: Bool {
        guard !isLast, unsent.isEmpty, replies.count < worker.limits.pipelineDepth else { return false }
        return phase == .head || phase == .body
    }

    /// Takes as many whole messages as `bytes` hold and the pipeline has room for.
    /// - Returns: how many bytes are done with.
    private func parse(_ bytes: UnsafeRawBufferPointer, on loop: EventLoop) -> Int {
        var offset = 0
        while offset < bytes.count, mayParse {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let consumed: Int
            if let body {
                consumed = take(rest, into: body, on: loop)
            } else {
                consumed = parseHead(rest, on: loop)
            }
            if consumed == 0 { break }
            offset += consumed
        }
        if isLast { return bytes.count }
        if offset < bytes.count, messageStart == nil { messageStart = loop.now.nanoseconds }
        return offset
    }

    private func parseHead(_ bytes: UnsafeRawBufferPointer, on loop: EventLoop) -> Int {
        switch parser.parse(bytes, limits: worker.limits.message) {
        case .incomplete:
            return 0
        case .refused(let refusal):
            refuse(.malformed(refusal))
            return bytes.count
        case .head(let count):
            let head = parser.head
            let message = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            if head.hasBody {
                if messageStart == nil { messageStart = loop.now.nanoseconds }
                phase = .body
                body = BodyInProgress(head: head, headBytes: [UInt8](message), limits: worker.limits.message)
                // Only where the caller waits for it: bytes that are already here need no invitation (RFC 9110 §10.1.1).
                if head.expectsContinue, bytes.count == count { inviteBody() }
            } else {
                answer(head, bytes: message, body: UnsafeRawBufferPointer(start: nil, count: 0), on: loop)
            }
            return count
        }
    }

    private func inviteBody() {
        let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
        if replies.isEmpty { worker.reply.append(interim) } else { replies.append(ready: interim) }
    }

    private func take(_ bytes: UnsafeRawBufferPointer, into body: BodyInProgress, on loop: EventLoop) -> Int {
        switch body.receive(bytes) {
        case .more(let consumed):
            return consumed
        case .refused(let refusal):
            refuse(.malformed(refusal))
            return bytes.count
        case .complete(let consumed):
            phase = .head
            self.body = nil
            body.headBytes.withUnsafeBytes { head in
                body.bytes.withUnsafeBytes { answer(body.head, bytes: head, body: $0, on: loop) }
            }
            return consumed
        }
    }

    /// Hands one whole request to the handler and puts its reply, or its place, in order.
    private func answer(
        _ head: RequestHead, bytes: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer, on loop: EventLoop
    ) {
        messageStart = nil
        since = loop.now.nanoseconds
        let reply = worker.reply
        let start = reply.output.count
        reply.isHead = head.method == .head
        reply.closes = !head.keepAlive || isDraining || isOverCapacity
        reply.confirmsKeepAlive = head.minorVersion == 0
        isLast = reply.closes
        worker.exchange.lend(head, bytes: bytes, body: body, of: self, to: worker.handler)
        if worker.exchange.wasPutOff { return }
        if reply.output.count == start { worker.refuse(.unanswered, reply) }
        if !replies.isEmpty { queue(from: start) }
    }

    func refuse(_ refusal: ServerRefusal) {
        isLast = true
        messageStart = nil
        let reply = worker.reply
        let start = reply.output.count
        reply.isHead = false
        reply.closes = true
        worker.refuse(refusal, reply)
        if !replies.isEmpty { queue(from: start) }
    }

    /// Moves the reply just rendered behind those that still wait.
    private func queue(from start: Int) {
        replies.append(ready: Array(worker.reply.output[start...]))
        worker.reply.output.removeSubrange(start...)
    }

    // MARK: Replies that come later

    func putOff(isHead: Bool, closes: Bool, confirms: Bool) -> LaterReply? {
        guard let id else { return nil }
        let presence = presence ?? CallerPresence()
        self.presence = presence
        return LaterReply(
            loop: worker.loop, channel: id, sequence: replies.wait(), isHead: isHead, closes: closes,
            confirmsKeepAlive: confirms, presence: presence)
    }

    func complete(_ later: LaterReply, render: (ReplyWriter) -> Void, on loop: EventLoop) {
        guard replies.isWaiting(later.sequence) else { return }
        // Draining may have begun since: the last reply owed is then the one that says so.
        if isDraining, replies.count == 1, unparsed.isEmpty { isLast = true }
        let reply = worker.reply
        let start = reply.output.count
        reply.now = loop.now
        reply.isHead = later.isHead
        reply.closes = later.closes || (isLast && replies.count == 1)
        reply.confirmsKeepAlive = later.confirmsKeepAlive
        render(reply)
        if reply.output.count == start { worker.refuse(.unanswered, reply) }
        let bytes = Array(reply.output[start...])
        reply.output.removeSubrange(start...)
        replies.fulfil(later.sequence, with: bytes)
        since = loop.now.nanoseconds
        settle(on: loop)
    }

    // MARK: Sending

    private func flush(on loop: EventLoop) {
        replies.drain(into: &worker.reply.output)
        guard !worker.reply.output.isEmpty else { return }
        defer { worker.reply.output.removeAll(keepingCapacity: worker.reply.output.count <= 1 << 20) }
        if phase == .closed { return }
        guard unsent.isEmpty else { return unsent.append(contentsOf: worker.reply.output) }
        let outcome = worker.reply.output.withUnsafeBytes { socket.send($0) }
        switch outcome {
        case .moved(let count) where count == worker.reply.output.count: break
        case .moved(let count): unsent = Array(worker.reply.output[count...])
        case .wouldBlock: unsent = worker.reply.output
        case .failed: close(on: loop)
        }
        since = loop.now.nanoseconds
    }

    private func sendUnsent(on loop: EventLoop) {
        guard !unsent.isEmpty else { return }
        switch unsent.withUnsafeBytes({ socket.send($0) }) {
        case .moved(let count):
            unsent.removeFirst(count)
            since = loop.now.nanoseconds
        case .wouldBlock: break
        case .failed: close(on: loop)
        }
    }

    // MARK: Ending

    /// Everything owed has been sent: say so, and wait for the peer so that no reset overtakes the last reply.
    private func finish(on loop: EventLoop) {
        if phase == .lingering {
            if peerFinished { close(on: loop) }
            return
        }
        if peerFinished { return close(on: loop) }
        socket.finishWriting()
        unparsed = []
        since = loop.now.nanoseconds
        lingerBytesLeft = worker.limits.lingerBytes
        phase = .lingering
    }

    func close(on loop: EventLoop) {
        if phase == .closed { return }
        phase = .closed
        presence?.leave()
        body = nil
        unparsed = []
        unsent = []
        if let timer { loop.cancel(timer.id) }
        timer = nil
        guard let id else { return }
        loop.unregister(id, descriptor: socket.descriptor)
        // The worker's was the last lasting reference: the socket closes when this turn lets go.
        worker.forget(id)
    }

    func beginDraining(on loop: EventLoop) {
        isDraining = true
        if isResting { since = loop.now.nanoseconds }
        armTimer(on: loop)
    }
}
