/// Reads the requests of one connection: heads, and bodies as far as they were let in. Pure: bytes in, steps out.
struct RequestReader {
    /// What the next bytes amount to. `consumed` bytes are done with.
    enum Step {
        /// More has to come.
        case needsBytes(consumed: Int)
        /// ``head`` is whole, in the first `count` bytes. Where it has a body, ``begin(_:headBytes:limits:)`` has to be
        /// called before the next step.
        case head(count: Int)
        /// The caller has to be known by what has come of the body. Then ``BodyInProgress/identified()`` or
        /// ``drop(limits:)`` has to be called.
        case mustIdentify(BodyInProgress, consumed: Int)
        /// A request with its whole body, to be answered.
        case request(BodyInProgress, consumed: Int)
        /// The end of the body of a request that was answered from its head.
        case bodyEnded(consumed: Int)
        /// The message breaks the grammar or a limit. Nothing behind it can be read.
        case rejected(RequestRefusal, method: RequestMethod?)
        /// As ``refused(_:method:)``, for a request that has been answered: there is no second reply.
        case aborted
    }

    private var parser = RequestParser()
    private(set) var body: BodyInProgress?

    /// The head last completed.
    var head: RequestHead { parser.head }

    /// The body now coming belongs to a request that has been answered.
    var isDiscarding: Bool { body?.isAnswered ?? false }

    /// Goes on with `bytes`, which start where the last step ended.
    mutating func next(_ bytes: UnsafeRawBufferPointer, limits: MessageLimits) -> Step {
        if let body { return receive(bytes, into: body) }
        switch parser.parse(bytes, limits: limits) {
        case .incomplete: return .needsBytes(consumed: 0)
        case .head(let count): return .head(count: count)
        case .rejected(let rejection): return .rejected(rejection, method: RequestMethod(startOf: bytes))
        }
    }

    /// Begins with the body of the head just completed.
    mutating func begin(_ admission: BodyAdmission, headBytes: UnsafeRawBufferPointer, limits: MessageLimits) {
        body = BodyInProgress(head: parser.head, headBytes: headBytes, admission: admission, limits: limits)
    }

    /// The request was refused in the middle of its body, and nothing behind it is read.
    mutating func discardBody() { body = nil }

    /// The method of the request that is coming, as far as that is known. `start` is what has come of its head.
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
