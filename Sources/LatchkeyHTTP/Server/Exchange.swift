internal import LatchkeyNet

/// Answers one request: reads it, then either writes the reply at once or takes a ``LaterReply``.
package typealias RequestHandler = (Exchange) -> Void

/// One request in the hands of a handler.
///
/// One object for each loop, lent for the length of the call: neither it nor the bytes it lends may be kept. What has
/// to outlive the call is copied out, and the answer sent through ``later()``.
package final class Exchange {
    /// Where the reply is rendered.
    package let reply: ReplyWriter
    /// The bytes the head's ranges point into.
    package private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    package private(set) var head = RequestHead()
    /// The whole body, chunking undone.
    package private(set) var body = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The connection is one past the cap: only a liveness probe is to be answered.
    package private(set) var isOverCapacity = false

    private var connection: ServerConnection?
    private(set) var wasPutOff = false

    init(reply: ReplyWriter) { self.reply = reply }

    /// The bytes of one of the head's ranges.
    package func slice(_ range: MessageRange) -> UnsafeRawBufferPointer { range.slice(of: bytes) }

    /// Takes the right to answer out of this call, to any thread. The reply keeps its place in the pipeline.
    ///
    /// Whoever takes it must send within the request timeout: nothing else answers in its stead.
    package func later() -> LaterReply? {
        wasPutOff = true
        return connection?.putOff(isHead: reply.isHead, closes: reply.closes, confirms: reply.confirmsKeepAlive)
    }

    func lend(
        _ head: RequestHead, bytes: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer,
        of connection: ServerConnection, to handler: RequestHandler
    ) {
        self.head = head
        self.bytes = bytes
        self.body = body
        self.connection = connection
        isOverCapacity = connection.isOverCapacity
        wasPutOff = false
        handler(self)
        self.connection = nil
        self.bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        self.body = UnsafeRawBufferPointer(start: nil, count: 0)
    }
}

/// The right to answer one request from anywhere, once. Dropped silently when the caller has gone.
package struct LaterReply: Sendable {
    let loop: LoopHandle
    let channel: ChannelID
    let sequence: UInt64
    let isHead: Bool
    let closes: Bool
    let confirmsKeepAlive: Bool
    let presence: CallerPresence

    /// False once the caller has closed its end: nobody may be reading any more. A caller that only stopped writing
    /// looks the same, and still gets what is sent.
    package var isAwaited: Bool { presence.isThere }

    /// Renders the reply on the connection's own loop and sends it when its turn has come.
    package func send(_ render: @escaping @Sendable (ReplyWriter) -> Void) {
        loop.submit { loop in
            (loop.handler(for: channel) as? ServerConnection)?.complete(self, render: render, on: loop)
        }
    }
}
