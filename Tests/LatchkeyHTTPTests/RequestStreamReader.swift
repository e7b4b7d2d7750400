import LatchkeyCore
import LatchkeyHTTP

/// Reads a stream of requests like a connection: heads with ``RequestParser``, bodies by length or with ``ChunkedDecoder``.
struct RequestStreamReader {
    /// One result of reading the stream.
    enum Event: Equatable {
        case request(JSON)
        case rejected(RequestRejection)
    }

    private enum Phase {
        case head
        case length(left: Int)
        case chunked(ChunkedDecoder)
        case rejected
    }

    private(set) var events: [Event] = []
    /// Received bytes that do not form a complete part of a message yet.
    private(set) var unread: [UInt8] = []
    private var parser = RequestParser()
    private var phase = Phase.head
    private var facts: JSONObject = [:]
    private var body: [UInt8] = []
    private let limits = RequestLimits()

    /// Whether the stream ends within a message.
    var isInsideMessage: Bool {
        if case .head = phase { !unread.isEmpty } else { true }
    }

    /// The events of `bytes`, received in `pieces`.
    static func read(_ bytes: [UInt8], in pieces: [Range<Int>]) -> RequestStreamReader {
        var reader = RequestStreamReader()
        for piece in pieces { reader.receive(bytes[piece]) }
        return reader
    }

    private mutating func receive(_ bytes: ArraySlice<UInt8>) {
        unread.append(contentsOf: bytes)
        var before: Int
        repeat {
            before = unread.count
            switch phase {
            case .head: takeHead()
            case .length(let left): takeLength(left)
            case .chunked(let decoder): takeChunks(decoder)
            case .rejected: unread = []
            }
        } while unread.count < before && !unread.isEmpty
    }

    private mutating func takeHead() {
        let outcome = unread.withUnsafeBytes { parser.parse($0, limits: limits) }
        switch outcome {
        case .incomplete: break
        case .rejected(let rejection): reject(rejection)
        case .head(let count):
            facts = unread.withUnsafeBytes { Self.facts(parser.head, in: $0) }
            unread.removeFirst(count)
            body = []
            if parser.head.isChunked {
                phase = .chunked(
                    ChunkedDecoder(bodyBytes: limits.bodyBytes, overheadBytes: limits.chunkOverheadBytes))
            } else if let length = parser.head.contentLength, length > 0 {
                phase = .length(left: length)
            } else {
                finish()
            }
        }
    }

    private mutating func takeLength(_ left: Int) {
        let count = min(left, unread.count)
        body.append(contentsOf: unread[..<count])
        unread.removeFirst(count)
        if count == left { finish() } else { phase = .length(left: left - count) }
    }

    private mutating func takeChunks(_ decoder: ChunkedDecoder) {
        var decoder = decoder
        let outcome: Result<Int, ChunkedDecoder.DecodingError> = unread.withUnsafeBytes { bytes in
            do throws(ChunkedDecoder.DecodingError) {
                return .success(try decoder.receive(bytes, into: &body))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .failure(let error): reject(error == .tooLarge ? .bodyTooLarge : .chunk)
        case .success(let count):
            unread.removeFirst(count)
            if decoder.isComplete { finish() } else { phase = .chunked(decoder) }
        }
    }

    private mutating func finish() {
        facts["body"] = latin1(body)
        events.append(.request(.object(facts)))
        phase = .head
    }

    private mutating func reject(_ rejection: RequestRejection) {
        events.append(.rejected(rejection))
        phase = .rejected
        unread = []
    }

    /// All properties of the head, with the names that the table uses.
    private static func facts(_ head: RequestHead, in bytes: UnsafeRawBufferPointer) -> JSONObject {
        func text(_ range: MessageRange) -> JSON { range.isPresent ? latin1(range.slice(of: bytes)) : .null }
        return [
            "method": .string(head.method.rawValue), "minor": .integer(Int64(head.minorVersion)),
            "target": text(head.target), "path": text(head.path), "query": text(head.query),
            "keepAlive": .bool(head.keepAlive), "chunked": .bool(head.isChunked),
            "contentLength": head.contentLength.map { .integer(Int64($0)) } ?? .null,
            "expectContinue": .bool(head.expectsContinue), "host": text(head.host),
            "authorization": text(head.authorization), "requestID": text(head.requestID),
            "accept": text(head.accept), "acceptEncoding": text(head.acceptEncoding),
            "ifNoneMatch": text(head.ifNoneMatch), "contentType": text(head.contentType),
            "fields": .array(head.fields(in: bytes).lines.map { [.string($0.name), .string($0.value)] }),
        ]
    }
}
