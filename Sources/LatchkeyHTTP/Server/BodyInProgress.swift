/// A request whose head is there and whose body is coming. Off the hot path: both are copied out of the loop's buffer.
final class BodyInProgress {
    /// What receiving more bytes came to.
    enum Progress {
        case more(consumed: Int)
        case complete(consumed: Int)
        case refused(RequestRefusal)
    }

    let head: RequestHead
    /// The bytes the head's ranges point into.
    let headBytes: [UInt8]
    private(set) var bytes: [UInt8] = []
    private var framing: Framing

    private enum Framing {
        case length(left: Int)
        case chunked(ChunkedDecoder)
    }

    init(head: RequestHead, headBytes: [UInt8], limits: MessageLimits) {
        self.head = head
        self.headBytes = headBytes
        framing =
            head.isChunked
            ? .chunked(ChunkedDecoder(bodyBytes: limits.bodyBytes, overheadBytes: limits.chunkOverheadBytes))
            : .length(left: head.contentLength ?? 0)
    }

    func receive(_ input: UnsafeRawBufferPointer) -> Progress {
        switch framing {
        case .length(let left):
            let count = min(left, input.count)
            bytes.append(contentsOf: input[..<count])
            framing = .length(left: left - count)
            return count == left ? .complete(consumed: count) : .more(consumed: count)
        case .chunked(var decoder):
            defer { framing = .chunked(decoder) }
            do throws(ChunkedDecoder.Refusal) {
                let consumed = try decoder.receive(input, into: &bytes)
                return decoder.isComplete ? .complete(consumed: consumed) : .more(consumed: consumed)
            } catch {
                return .refused(error == .tooLarge ? .bodyTooLarge : .chunk)
            }
        }
    }
}
