/// Reads the requests of one connection: heads, and the bodies that the handler admits. Bytes in, steps out.
struct RequestReader {
    /// The next step in reading. `consumed` bytes are done with.
    enum Step {
        /// The message is incomplete.
        case needsBytes(consumed: Int)
        /// ``head`` is complete, in the first `count` bytes. If it has a body, ``begin(_:headBytes:limits:)`` must be called
        /// before the next step.
        case head(count: Int)
        /// The caller must be identified from the first part of the body. Then ``BodyInProgress/markIdentified()`` or
        /// ``discardBody()`` must be called.
        case mustIdentify(BodyInProgress, consumed: Int)
        /// A request with its complete body, to be answered.
        case request(BodyInProgress, consumed: Int)
        /// The end of the body of a request that was answered from its head.
        case bodyEnded(consumed: Int)
        /// The message breaks the grammar or a limit. Nothing after it can be read.
        case rejected(RequestRejection, method: RequestMethod?)
        /// Like ``rejected(_:method:)``, for a request that has been answered already: no second reply is sent.
        case aborted
    }

    private var parser = RequestParser()
    private(set) var body: BodyInProgress?

    /// The last complete head.
    var head: RequestHead { parser.head }

    /// Whether the body being received belongs to a request that has been answered.
    var isDiscarding: Bool { body?.isAnswered ?? false }

    /// Continues with `bytes`, which start where the last step ended.
    mutating func next(_ bytes: UnsafeRawBufferPointer, limits: RequestLimits) -> Step {
        if let body { return receive(bytes, into: body) }
        switch parser.parse(bytes, limits: limits) {
        case .incomplete: return .needsBytes(consumed: 0)
        case .head(let count): return .head(count: count)
        case .rejected(let rejection): return .rejected(rejection, method: RequestMethod(startOf: bytes))
        }
    }

    /// Starts receiving the body of the last complete head.
    mutating func begin(_ admission: BodyAdmission, headBytes: UnsafeRawBufferPointer, limits: RequestLimits) {
        body = BodyInProgress(head: parser.head, headBytes: headBytes, admission: admission, limits: limits)
    }

    /// Drops a body that is no longer read. Nothing after it can be read either.
    mutating func discardBody() { body = nil }

    /// The method of the request being received, or nil when it is not known yet.
    ///
    /// - Parameter start: the received part of the head, when no body is being received.
    func method(start: UnsafeRawBufferPointer) -> RequestMethod? {
        body.map { $0.head.method } ?? RequestMethod(startOf: start)
    }

    private mutating func receive(_ bytes: UnsafeRawBufferPointer, into body: BodyInProgress) -> Step {
        switch body.receive(bytes) {
        case .more(let consumed): return .needsBytes(consumed: consumed)
        case .mustIdentify(let consumed): return .mustIdentify(body, consumed: consumed)
        case .complete(let consumed):
            self.body = nil
            return body.isAnswered ? .bodyEnded(consumed: consumed) : .request(body, consumed: consumed)
        case .rejected(let rejection):
            self.body = nil
            return body.isAnswered ? .aborted : .rejected(rejection, method: body.head.method)
        }
    }
}
