internal import COpenAPI
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// One representation of `openapi.yaml`: as it is, or compressed with gzip. Each is made at its first use.
struct APIDocument: Sendable {
    private let isCompressed: Bool
    private let body: [UInt8]
    /// A strong entity tag: the two representations have different ones (RFC 9110 §8.8.3).
    private let etag: String

    private static let plain = APIDocument(text, isCompressed: false)
    /// Nil when zlib cannot allocate memory.
    private static let compressed = Deflater.gzip(text).map { APIDocument($0, isCompressed: true) }

    private static var text: [UInt8] {
        Array(UnsafeBufferPointer(start: latchkey_openapi(), count: latchkey_openapi_size()))
    }

    /// The representation for a caller who accepts gzip or does not.
    static func get(isCompressed: Bool) -> APIDocument { isCompressed ? compressed ?? plain : plain }

    private init(_ body: [UInt8], isCompressed: Bool) {
        self.body = body
        self.isCompressed = isCompressed
        etag = "\"\(Hex.encode(SHA256.hash(body).bytes.prefix(16)))\""
    }

    /// Writes the answer: 304 if a tag of `tags` still matches.
    ///
    /// - Parameter tags: the value of `If-None-Match`; nil if there is none.
    func write(to reply: consuming APIReply, unless tags: String?) -> ReplyReceipt {
        let isUnchanged = tags.map { EntityTags.field($0, matches: etag) } ?? false
        let reply = reply.begin(isUnchanged ? 304 : 200)
        reply.field("ETag", etag)
        reply.append("Vary: Accept-Encoding\r\n")
        if isUnchanged { return reply.endWithoutBody() }
        reply.append("Content-Type: application/yaml\r\n")
        if isCompressed { reply.append("Content-Encoding: gzip\r\n") }
        return reply.end(body)
    }
}
