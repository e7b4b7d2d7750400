package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyNet

/// One request, as a handler sees it.
///
/// Each event loop has one object, lent for the length of the call. Its bytes must not be kept: a handler that answers
/// later copies what it needs and calls ``deferReply(_:blocksPipeline:start:)``.
package final class RequestContext {
    /// The bytes that the ranges of the head refer to.
    package private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    package private(set) var head = RequestHead()
    /// The complete body after chunked decoding. Empty in ``RequestHandler/admit``; the first part of the body in
    /// ``AdmittedRequest/identify``.
    package private(set) var body = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Whether the connection is over the cap, and only a liveness probe is to be answered.
    package private(set) var isOverCapacity = false
    /// Whether the handler has seen this request before and has waited for something (``handleAgain(_:start:)``).
    package var isRepeated: Bool { repeatedSince != nil }
    private var repeatedSince: MonotonicTime?
    /// The listener that the connection came through.
    package private(set) var listener = ListenerTraits()
    /// The identity in the client's TLS certificate; nil if it has shown none.
    package var peer: PeerIdentity? { pipeline?.peer }
    /// The process at the other end of a Unix socket, when it connected; nil on another connection.
    package var unixPeer: UnixPeer? { pipeline?.unixPeer }
    /// The effective user id of that process.
    package var unixUser: UInt32? { pipeline?.unixPeer?.user }
    /// The peer's address as text, or `unix:uid=N,pid=N`; empty if the handler has no ``RequestHandler/commit``.
    package var peerName: [UInt8] { pipeline?.peerName ?? [] }
    /// What the handler keeps for the connection; empty until it has set it.
    package var note: [UInt8] {
        get { pipeline?.note ?? [] }
        set { pipeline?.note = newValue }
    }
    /// Set by the handler when the request has no valid credential. A connection without a valid request is closed early,
    /// and first when there are too many connections.
    package var isUnauthenticated = false

    /// Where the connection comes from. The first use on a connection is a system call.
    package var peerNetwork: PeerNetwork { pipeline?.peerNetwork ?? .unknown }

    private let buffer: ReplyBuffer
    private var pipeline: RequestPipeline?

    init(_ buffer: ReplyBuffer) { self.buffer = buffer }

    /// The time of this turn, on the clock of the event loop.
    package var now: MonotonicTime { buffer.now }

    /// When the handler got the request first: the time of this turn, or of an earlier one if ``isRepeated``.
    package var started: MonotonicTime { repeatedSince ?? buffer.now }

    /// The bytes of one range of the head.
    package func slice(_ range: MessageRange) -> UnsafeRawBufferPointer { range.slice(of: bytes) }

    /// The method as sent.
    package var method: UnsafeRawBufferPointer {
        // Empty lines may come before the request line (RFC 9112 §2.2).
        let start = bytes.firstIndex { $0 != 0x0A && $0 != 0x0D } ?? 0
        return UnsafeRawBufferPointer(rebasing: bytes[start..<(bytes[start...].firstIndex(of: 0x20) ?? start)])
    }

    /// Defers the reply, which keeps its place in the pipeline.
    ///
    /// The reply must be sent within the request timeout, because no other reply is sent in its place.
    /// - Parameters:
    ///   - blocksPipeline: no further request of the connection is processed before this reply is sent. For replies that
    ///     may be large and share no memory.
    ///   - start: called before this returns. It starts the work and hands on the ``DeferredReply``.
    package func deferReply(
        _ writer: consuming ReplyWriter, blocksPipeline: Bool = false, start: (DeferredReply) -> Void
    ) -> ReplyReceipt {
        if let deferred = pipeline?.deferReply(blocksPipeline: blocksPipeline) { start(deferred) }
        return ReplyReceipt(writer.buffer, isDeferred: true)
    }

    /// Sends the reply to this request only after `delay`. To be called before the reply is begun, which must not be deferred.
    ///
    /// Requests behind it on the connection wait too, because replies keep their order. If
    /// ``ServerLimits/maxDelayedReplies`` are delayed, the reply is sent at once, and the connection is closed. A drain ends
    /// the delay.
    package func delayReply(by delay: Duration) {
        guard let pipeline, !pipeline.isDraining else { return }
        if !pipeline.delay.begin(delay) { buffer.closes = true }
    }

    /// Handles the request once more, from its head, after something has been read without which it cannot be decided. Until
    /// then nothing more of the connection is read. To be used at most once a request: see ``isRepeated``.
    ///
    /// - Parameter start: called before this returns. It starts the work, which ends with ``DeferredReply/resume()`` within
    ///   the request timeout.
    package func handleAgain(_ writer: consuming ReplyWriter, start: (DeferredReply) -> Void) -> ReplyReceipt {
        // An empty reply keeps the place in the pipeline and blocks it.
        if let deferred = pipeline?.deferReply(blocksPipeline: true) { start(deferred) }
        return ReplyReceipt(writer.buffer, isDeferred: true, isRepeated: true)
    }

    func lend<Result: ~Copyable>(
        _ head: RequestHead, bytes: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer,
        of pipeline: RequestPipeline, to handler: (RequestContext, consuming ReplyWriter) -> Result
    ) -> Result {
        self.head = head
        self.bytes = bytes
        self.body = body
        self.pipeline = pipeline
        isOverCapacity = pipeline.deadlines.isOverCapacity
        repeatedSince = pipeline.repeatedSince
        listener = pipeline.listener
        isUnauthenticated = false
        defer {
            self.pipeline = nil
            self.bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            self.body = UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return handler(self, ReplyWriter(buffer))
    }
}
