/// One request in the hands of a handler.
///
/// One object for each loop, lent for the length of the call: neither it nor the bytes it lends may be kept. What has
/// to outlive the call is copied out, and the answer sent through ``later(alone:)``.
package final class RequestContext {
    /// Where the reply is rendered.
    package let reply: ReplyWriter
    /// The bytes the head's ranges point into.
    package private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    package private(set) var head = RequestHead()
    /// The whole body, chunking undone. Empty while only the head is judged; the first part of it in
    /// ``RequestHandler/identify``.
    package private(set) var body = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The connection is one past the cap: only a liveness probe is to be answered.
    package private(set) var isOverCapacity = false
    /// Set by the handler where the request has no valid credential. A connection that has brought no other request is
    /// closed early, and first where there are too many.
    package var callerIsUnknown = false

    private var pipeline: RequestPipeline?
    private(set) var isDeferred = false

    init(reply: ReplyWriter) { self.reply = reply }

    /// The bytes of one of the head's ranges.
    package func slice(_ range: MessageRange) -> UnsafeRawBufferPointer { range.slice(of: bytes) }

    /// The method as sent.
    package var methodText: String {
        let end = bytes.firstIndex(of: 0x20) ?? 0
        let line = String(decoding: bytes[..<end], as: UTF8.self)
        return String(line.drop { $0.isNewline })
    }

    /// Takes the right to answer out of this call, to any thread. The reply keeps its place in the pipeline.
    ///
    /// Whoever takes it must send within the request timeout: nothing else answers in its stead.
    /// - Parameter alone: for replies that may be large and share no memory: no further request of the connection is
    ///   taken before this one has been answered.
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
