internal import LatchkeyCore
internal import LatchkeyNet

/// The replies of one connection on their way out: those that wait for their turn, and the bytes the kernel has not
/// taken. Nothing is rendered while bytes are unsent, so a peer that does not read makes the server hold no more than
/// ``ServerLimits/outputBytes`` and one reply.
struct ConnectionOutput {
    private var replies = ReplyQueue()
    private var unsent = UnsentBytes()

    /// Requests that have no reply on the wire yet.
    var pendingReplies: Int { replies.count }

    /// Nothing is pendingReplies and nothing unsent.
    var isEmpty: Bool { replies.isEmpty && unsent.isEmpty }

    /// The peer has to take bytes first.
    var isBlocked: Bool { !unsent.isEmpty }

    /// A reply can be rendered now.
    var isDue: Bool { unsent.isEmpty && replies.isDue }

    /// Another request may be answered while `rendered` bytes of this turn wait to be sent.
    func acceptsMore(rendered: Int, limits: ServerLimits) -> Bool {
        unsent.isEmpty && rendered + replies.renderedBytes < limits.outputBytes && replies.acceptsMore
            && replies.count < limits.pipelineDepth
    }

    /// A request will be answered later.
    mutating func reserve(blocksPipeline: Bool) -> ReplyQueue.SequenceNumber {
        replies.reserve(blocksPipeline: blocksPipeline)
    }

    mutating func resolve(_ deferred: DeferredReply, with render: @escaping ReplyQueue.Renderer) {
        replies.resolve(deferred.sequence, with: .deferred(deferred, render))
    }

    /// A reply, or a part of one, has been rendered into `writer` from `start` on: it keeps its place behind those that
    /// are pendingReplies before it.
    mutating func enqueue(_ writer: ReplyWriter, from start: Int) {
        if replies.isEmpty { return }
        replies.append(ready: Array(writer.output[start...]))
        writer.output.removeSubrange(start...)
    }

    /// Renders the replies whose turn has come, as far as there is room.
    /// - Parameters:
    ///   - isEnding: nothing more is read: the last reply pendingReplies says that the connection closes.
    ///   - reject: writes the reply for a handler that wrote none.
    /// - Returns: false where the turn is over before that.
    mutating func renderDue(
        into writer: ReplyWriter, budget: inout WorkBudget, limit: Int, isEnding: Bool,
        unanswered reject: (ReplyWriter) -> Void
    ) -> Bool {
        while unsent.isEmpty, replies.isDue, writer.output.count < limit {
            if !budget.take({ .current }) { return false }
            switch replies.popDue() {
            case nil: return true
            case .bytes(let bytes): writer.append(bytes)
            case .deferred(let deferred, let render):
                let start = writer.output.count
                writer.isHead = deferred.isHead
                writer.closes = deferred.closes || (isEnding && replies.isEmpty)
                writer.confirmsKeepAlive = deferred.confirmsKeepAlive
                render(writer)
                if writer.output.count == start { reject(writer) }
            }
        }
        return true
    }

    /// Sends what this turn has rendered. What the kernel does not take is kept.
    /// - Returns: false where the connection is gone.
    mutating func flush(_ writer: ReplyWriter, to socket: borrowing Socket) -> Bool {
        guard unsent.isEmpty else {
            unsent.append(&writer.output)
            return true
        }
        // A buffer that one large reply made is not kept for the small ones.
        defer { writer.output.removeAll(keepingCapacity: writer.output.capacity <= 1 << 20) }
        switch writer.output.withUnsafeBytes({ socket.send($0) }) {
        case .moved(let count) where count == writer.output.count: return true
        case .moved(let count): unsent.take(&writer.output, after: count)
        case .wouldBlock: unsent.take(&writer.output, after: 0)
        case .failed: return false
        }
        return true
    }

    /// Sends more of what the kernel had not taken.
    mutating func sendUnsent(to socket: borrowing Socket) -> Socket.Transfer { unsent.send(to: socket) }

    /// The connection is gone: nobody reads what is left.
    mutating func removeAll() {
        replies.removeAll()
        unsent.removeAll()
    }
}
