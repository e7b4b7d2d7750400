package import LatchkeyCrypto

/// One request, as a handler sees it.
///
/// Each event loop has one object, lent for the length of the call. Neither it nor its bytes may be kept: a handler that
/// answers later copies what it needs and calls ``deferReply(blocksPipeline:)``.
package final class RequestContext {
    /// Where the reply is rendered.
    package let reply: ReplyWriter
    /// The bytes that the ranges of the head refer to.
    package private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    package private(set) var head = RequestHead()
    /// The complete body after chunked decoding. Empty in ``RequestHandler/admit``; the first part of the body in
    /// ``RequestHandler/identify``.
    package private(set) var body = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Whether the connection is over the cap, and only a liveness probe is to be answered.
    package private(set) var isOverCapacity = false
    /// The identity in the client's TLS certificate; nil if it has shown none.
    package var peer: PeerIdentity? { pipeline?.peer }
    /// Set by the handler when the request has no valid credential. A connection without a valid request is closed early,
    /// and first when there are too many connections.
    package var callerIsUnknown = false

    private var pipeline: RequestPipeline?
    private(set) var isDeferred = false

    init(reply: ReplyWriter) { self.reply = reply }

    /// The bytes of one range of the head.
    package func slice(_ range: MessageRange) -> UnsafeRawBufferPointer { range.slice(of: bytes) }

    /// The method as sent.
    package var methodText: String {
        let end = bytes.firstIndex(of: 0x20) ?? 0
        let line = String(decoding: bytes[..<end], as: UTF8.self)
        return String(line.drop { $0.isNewline })
    }

    /// Defers the reply: the result can send it later, from any thread. The reply keeps its place in the pipeline.
    ///
    /// The reply must be sent within the request timeout, because no other reply is sent in its place.
    /// - Parameter blocksPipeline: no further request of the connection is processed before this reply is sent. For
    ///   replies that may be large and share no memory.
    package func deferReply(blocksPipeline: Bool = false) -> DeferredReply? {
        isDeferred = true
        return pipeline?.deferReply(reply, blocksPipeline: blocksPipeline)
    }

    func lend<Result>(
        _ head: RequestHead, bytes: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer,
        of pipeline: RequestPipeline, to handler: (RequestContext) -> Result
    ) -> Result {
        self.head = head
        self.bytes = bytes
        self.body = body
        self.pipeline = pipeline
        isOverCapacity = pipeline.deadlines.isOverCapacity
        callerIsUnknown = false
        isDeferred = false
        defer {
            self.pipeline = nil
            self.bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            self.body = UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return handler(self)
    }
}
