internal import LatchkeyCore
internal import LatchkeyNet

/// The replies of one connection that have not been sent: those in the queue, and the bytes that the kernel has not
/// accepted.
///
/// Nothing is rendered while bytes are unsent. For a peer that does not read, the server therefore holds at most
/// ``ServerLimits/outputBytes`` and one reply. The same holds while a reply waits for a commit (``ReplyCommit``).
struct ConnectionOutput {
    private var replies = ReplyQueue()
    private var unsent = UnsentBytes()
    /// What waits for the commit at the end of the turn; nil for nothing.
    private var held: HeldReplies.Part?
    /// Whether the worker will call ``release(from:into:refuse:)``.
    private var awaitsCommit = false

    /// The number of requests whose reply is still in the queue.
    var pendingReplies: Int { replies.count }

    /// Whether every reply has been sent.
    var isEmpty: Bool { replies.isEmpty && !isBlocked }

    /// Whether bytes wait for the peer to accept them, or for a commit.
    var isBlocked: Bool { !unsent.isEmpty || isHeld }

    /// Whether bytes wait for a commit.
    var isHeld: Bool { held != nil }

    /// Whether a reply can be rendered now.
    var isDue: Bool { !isBlocked && replies.isDue }

    /// Whether a further request may be answered, with `rendered` bytes of this turn not yet sent.
    func acceptsMore(rendered: Int, limits: ServerLimits) -> Bool {
        !isBlocked && rendered + replies.renderedBytes < limits.outputBytes && replies.acceptsMore
            && replies.count < limits.pipelineDepth
    }

    /// Reserves the place of a reply that comes later.
    mutating func reserve(blocksPipeline: Bool) -> ReplyQueue.SequenceNumber {
        replies.reserve(blocksPipeline: blocksPipeline)
    }

    mutating func resolve(_ deferred: DeferredReply, with render: @escaping ReplyQueue.Renderer) {
        replies.resolve(deferred.sequence, with: .deferred(deferred, render))
    }

    /// Takes what was rendered into `buffer` from `start` on, and reserves its place among the replies. No further request is
    /// accepted before it leaves.
    mutating func delay(_ buffer: ReplyBuffer, from start: Int, until: MonotonicTime) -> DelayedReply {
        DelayedReply(
            buffer.take(from: start), sequence: reserve(blocksPipeline: true), closes: buffer.closes, until: until)
    }

    /// Ends the delay of a reply.
    ///
    /// - Parameter isLast: whether no further request of the connection is answered.
    mutating func resolve(_ delayed: DelayedReply, isLast: Bool) {
        replies.resolve(delayed.sequence, with: .bytes(delayed.bytes(isLast: isLast)))
    }

    /// Moves what was rendered into `buffer` from `start` on behind the replies that must leave before it, if there are any.
    mutating func enqueue(_ buffer: ReplyBuffer, from start: Int) {
        if replies.isEmpty { return }
        var uncommitted: UncommittedReply?
        if let last = buffer.uncommitted.last, last.range.lowerBound >= start {
            uncommitted = buffer.uncommitted.popLast()
            uncommitted?.range = 0..<(buffer.output.count - start)
        }
        replies.append(ready: buffer.take(from: start), uncommitted: uncommitted)
    }

    /// Renders replies that are ready, until `limit` bytes are rendered.
    ///
    /// - Parameter isEnding: nothing more is read, so the last reply announces that the connection closes (RFC 9112 §9.6).
    /// - Returns: false when the budget of the turn ended first.
    mutating func renderDue(
        into buffer: ReplyBuffer, budget: inout WorkBudget, limit: Int, isEnding: Bool
    ) -> Bool {
        while isDue, buffer.output.count < limit {
            if !budget.take({ .current }) { return false }
            switch replies.popDue() {
            case nil: return true
            case .bytes(let bytes): buffer.append(bytes)
            case .uncommitted(let bytes, var reply):
                reply.range = buffer.output.count..<(buffer.output.count + bytes.count)
                buffer.uncommitted.append(reply)
                buffer.append(bytes)
            case .deferred(let deferred, let render):
                buffer.isHead = deferred.isHead
                buffer.closes = deferred.closes || (isEnding && replies.isEmpty)
                buffer.confirmsKeepAlive = deferred.confirmsKeepAlive
                _ = render(ReplyWriter(buffer))
            }
        }
        return true
    }

    /// Holds back what this turn has rendered, if a reply of it waits for a commit.
    ///
    /// - Parameter turn: what all connections of the worker hold back.
    /// - Returns: whether the worker must call ``release(from:into:refuse:)`` at the end of the turn.
    mutating func hold(_ buffer: ReplyBuffer, in turn: inout HeldReplies) -> Bool {
        if buffer.uncommitted.isEmpty, !replies.hasUncommitted { return false }
        if !buffer.uncommitted.isEmpty { held = turn.take(from: buffer, behind: held) }
        defer { awaitsCommit = true }
        return !awaitsCommit
    }

    /// Moves what was held back into `buffer`.
    ///
    /// - Parameters:
    ///   - turn: what all connections of the worker have held back.
    ///   - refuse: writes other replies in place of those that wait; nil to let them leave.
    mutating func release(from turn: borrowing HeldReplies, into buffer: ReplyBuffer, refuse: ReplyCommit.Refuse?) {
        awaitsCommit = false
        if replies.hasUncommitted { settle(buffer, refuse) }
        if let held = held.take() { turn.release(held, into: buffer, refuse: refuse) }
    }

    private mutating func settle(_ buffer: ReplyBuffer, _ refuse: ReplyCommit.Refuse?) {
        replies.settle(
            refuse.map { refuse in
                { reply, bytes in
                    let start = buffer.output.count
                    bytes.withUnsafeBytes { buffer.write(in: reply, $0, refuse) }
                    return buffer.take(from: start)
                }
            })
    }

    /// Sends what this turn has rendered, and keeps what the kernel does not accept.
    ///
    /// - Returns: false when the connection is broken.
    mutating func flush(_ buffer: ReplyBuffer, to stream: borrowing ServerStream) -> Bool {
        guard stream.seal(&buffer.output) else { return false }
        guard unsent.isEmpty else {
            unsent.append(&buffer.output)
            return true
        }
        // The replies hold secrets. A buffer that has grown over 1 MiB for one large reply is released.
        defer { Wiping.removeAll(&buffer.output, keepingCapacity: buffer.output.capacity <= 1 << 20) }
        switch buffer.output.withUnsafeBytes({ stream.send($0) }) {
        case .moved(let count) where count == buffer.output.count: return true
        case .moved(let count): unsent.take(&buffer.output, after: count)
        case .wouldBlock: unsent.take(&buffer.output, after: 0)
        case .failed: return false
        }
        return true
    }

    /// Sends more of the bytes that the kernel has not accepted.
    mutating func sendUnsent(to stream: borrowing ServerStream) -> Socket.Transfer { unsent.send(to: stream) }

    /// Sends what TLS itself has to send, behind bytes that wait.
    ///
    /// - Returns: false when the connection is broken.
    mutating func sendRecords(of stream: borrowing ServerStream) -> Bool {
        stream.withRecords { records in
            var sent = 0
            if unsent.isEmpty {
                switch stream.send(records) {
                case .moved(let count): sent = count
                case .wouldBlock: break
                case .failed: return false
                }
            }
            if sent < records.count { unsent.append(UnsafeRawBufferPointer(rebasing: records[sent...])) }
            return true
        } ?? true
    }

    /// Drops all replies, because the connection is closed.
    mutating func removeAll() {
        replies.removeAll()
        unsent.removeAll()
        held = nil
    }
}
