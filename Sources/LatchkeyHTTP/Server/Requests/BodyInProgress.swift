/// A request whose head is complete and whose body is not. It copies head and body out of the buffer of the event loop,
/// because the rest arrives in later turns.
final class BodyInProgress {
    /// The result of receiving more bytes.
    enum Progress {
        case more(consumed: Int)
        /// The caller must be identified before more of the body is received. ``bytes`` has the first part.
        case mustIdentify(consumed: Int)
        case complete(consumed: Int)
        case rejected(RequestRejection)
    }

    let head: RequestHead
    /// The bytes that the ranges of the head refer to. Empty when the request has been answered from its head.
    let headBytes: [UInt8]
    /// Whether the reply has been written, and the body is only read to find its end.
    let isAnswered: Bool
    private(set) var bytes: [UInt8] = []
    private let keepsBytes: Bool
    private var identifyAt: Int?
    private var framing: Framing

    private enum Framing {
        case length(left: Int)
        case chunked(ChunkedDecoder)
    }

    /// - Parameter headBytes: the head as received, copied only when the request is still to be answered.
    init(
        head: RequestHead, headBytes: UnsafeRawBufferPointer, admission: BodyAdmission, limits: RequestLimits
    ) {
        self.head = head
        var limit = limits.bodyBytes
        switch admission {
        case .answered: (keepsBytes, isAnswered, identifyAt) = (false, true, nil)
        case .skip: (keepsBytes, isAnswered, identifyAt) = (false, false, nil)
        case .keep(let maxBytes, let identifyWithin):
            (keepsBytes, isAnswered, identifyAt) = (true, false, identifyWithin)
            limit = min(limit, maxBytes)
        }
        self.headBytes = isAnswered ? [] : [UInt8](headBytes)
        // Chunked coding takes precedence over a length (RFC 9112 §6.3); the parser rejects a head with both.
        framing =
            head.isChunked
            ? .chunked(
                ChunkedDecoder(bodyBytes: limit, overheadBytes: limits.chunkOverheadBytes, keepsData: keepsBytes))
            : .length(left: head.contentLength ?? 0)
    }

    /// The caller is identified: the rest of the body may be received.
    func markIdentified() { identifyAt = nil }

    func receive(_ input: UnsafeRawBufferPointer) -> Progress {
        var input = input
        if let identifyAt { input = UnsafeRawBufferPointer(rebasing: input.prefix(max(1, identifyAt - bytes.count))) }
        switch framing {
        case .length(let left):
            let count = min(left, input.count)
            if keepsBytes { bytes.append(contentsOf: input[..<count]) }
            framing = .length(left: left - count)
            return progress(consumed: count, isComplete: count == left)
        case .chunked(var decoder):
            defer { framing = .chunked(decoder) }
            do throws(ChunkedDecoder.DecodingError) {
                let consumed = try decoder.receive(input, into: &bytes)
                return progress(consumed: consumed, isComplete: decoder.isComplete)
            } catch {
                return .rejected(error == .tooLarge ? .bodyTooLarge : .chunk)
            }
        }
    }

    private func progress(consumed: Int, isComplete: Bool) -> Progress {
        if isComplete { return .complete(consumed: consumed) }
        if let identifyAt, bytes.count >= identifyAt { return .mustIdentify(consumed: consumed) }
        return .more(consumed: consumed)
    }
}
