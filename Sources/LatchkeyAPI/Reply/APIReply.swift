internal import LatchkeyHTTP

/// The right to answer one request of the API, once.
struct APIReply: ~Copyable {
    private let writer: ReplyWriter
    let id: RequestID

    init(_ writer: consuming ReplyWriter, _ id: RequestID) {
        self.writer = writer
        self.id = id
    }

    /// Starts the response, with the fields that every response has: `Cache-Control: no-store` and `X-Request-Id`.
    consuming func begin(_ status: Int) -> OpenReply {
        let reply = writer.begin(status)
        reply.append(id.fields)
        return reply
    }

    /// Defers the response: `start` is called before this returns, and hands on the ``DeferredReply``.
    consuming func later(
        _ context: RequestContext, blocksPipeline: Bool, start: (DeferredReply) -> Void
    ) -> ReplyReceipt {
        context.deferReply(writer, blocksPipeline: blocksPipeline, start: start)
    }

    /// Handles the request once more after some work: `start` is called before this returns, and hands on the
    /// ``DeferredReply``, which ends the wait.
    consuming func again(_ context: RequestContext, start: (DeferredReply) -> Void) -> ReplyReceipt {
        context.handleAgain(writer, start: start)
    }
}
