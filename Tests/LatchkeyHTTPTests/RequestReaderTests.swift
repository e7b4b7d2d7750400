import LatchkeyTestSupport
import Testing

@testable import LatchkeyHTTP

@Suite struct RequestReaderTests {
    /// Reads a stream split into `pieces`.
    ///
    /// - Returns: a description of each step, and the maximum number of body bytes kept.
    private static func read(
        _ text: String, in pieces: [Range<Int>], admission: BodyAdmission, identifies: Bool = true
    ) -> (steps: [String], kept: Int) {
        let bytes = Array(text.utf8)
        let limits = RequestLimits()
        var reader = RequestReader()
        var (unread, steps, kept): ([UInt8], [String], Int) = ([], [], 0)
        // A connection reads nothing after a request that was rejected or aborted.
        var hasEnded = false
        for piece in pieces where !hasEnded {
            unread += bytes[piece]
            while !unread.isEmpty, !hasEnded {
                var consumed: Int?
                unread.withUnsafeBytes { bytes in
                    switch reader.next(bytes, limits: limits) {
                    case .needsBytes(let count): consumed = count > 0 ? count : nil
                    case .head(let count):
                        steps.append(reader.head.hasBody ? "head" : "request")
                        if reader.head.hasBody {
                            reader.begin(
                                admission, headBytes: UnsafeRawBufferPointer(rebasing: bytes[..<count]), limits: limits)
                        }
                        consumed = count
                    case .mustIdentify(let body, let count):
                        steps.append("identify after \(body.bytes.count)")
                        if identifies { body.markIdentified() } else { reader.discardBody() }
                        hasEnded = !identifies
                        consumed = count
                    case .request(let body, let count):
                        steps.append("request with \(body.bytes.count)")
                        consumed = count
                    case .bodyEnded(let count):
                        steps.append("end")
                        consumed = count
                    case .rejected(let rejection, let method):
                        steps.append("rejected \(rejection.status) \(method?.rawValue ?? "-")")
                        hasEnded = true
                    case .aborted:
                        steps.append("aborted")
                        hasEnded = true
                    }
                    kept = max(kept, reader.body?.bytes.count ?? 0)
                }
                guard let consumed else { break }
                unread.removeFirst(consumed)
            }
        }
        return (steps, kept)
    }

    private static func everyWay(
        _ text: String, admission: BodyAdmission, identifies: Bool = true, is steps: [String], keeping maxKept: Int = 0
    ) {
        for pieces in ByteSplitter.ways(of: text.utf8.count) {
            let reading = read(text, in: pieces, admission: admission, identifies: identifies)
            #expect(reading.steps == steps)
            #expect(reading.kept <= maxKept)
        }
    }

    private static let length = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n01234567890123456789"
    private static let chunked =
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\nf;x=y\r\n012345678901234\r\n0\r\n\r\n"
    private static let next = "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test(arguments: [length, chunked])
    func `The body of a request answered from its head is discarded, and the next request is read`(text: String) {
        Self.everyWay(text + Self.next, admission: .answered, is: ["head", "end", "request"])
        Self.everyWay(text + Self.next, admission: .skip, is: ["head", "request with 0", "request"])
    }

    @Test(arguments: [length, chunked])
    func `An admitted body is kept whole`(text: String) {
        Self.everyWay(
            text + Self.next, admission: .keep(limit: .max, identifyWithin: nil),
            is: ["head", "request with 20", "request"], keeping: 20)
    }

    @Test(arguments: [length, chunked])
    func `The caller is identified once, after exactly the admitted number of body bytes`(text: String) {
        let keep = BodyAdmission.keep(limit: .max, identifyWithin: 8)
        Self.everyWay(
            text, admission: keep, is: ["head", "identify after 8", "request with 20"], keeping: 20)
        Self.everyWay(text, admission: keep, identifies: false, is: ["head", "identify after 8"], keeping: 8)
        // A chunked body of exactly that size has not ended yet: its last chunk follows.
        let steps = ["head"] + (text == Self.length ? [] : ["identify after 20"]) + ["request with 20"]
        Self.everyWay(text, admission: .keep(limit: .max, identifyWithin: 20), is: steps, keeping: 20)
    }

    @Test func `A chunked body over the limit of its route is rejected, or aborted when the request was answered`() {
        Self.everyWay(
            Self.chunked, admission: .keep(limit: 19, identifyWithin: nil), is: ["head", "rejected 413 POST"],
            keeping: 19
        )
        let broken = Self.chunked.replacing("f;x=y", with: "f;")
        Self.everyWay(broken, admission: .answered, is: ["head", "aborted"])
        Self.everyWay(broken, admission: .skip, is: ["head", "rejected 400 POST"])
    }

    @Test(arguments: [
        ("HEAD /a HTTP/1.1\r\n\r\n", "HEAD"), ("HEAD /a HTTP/9.9\r\n", "HEAD"), ("\r\nHEAD  /a HTTP/1.1\r\n", "HEAD"),
        ("HEAD /a HTTP/1.1\r\nHost : h\r\n", "HEAD"), ("GET a HTTP/1.1\r\n", "GET"), ("BREW /a HTTP/9.9\r\n", "other"),
        ("HEAD\r\n", "-"), (" HEAD /a HTTP/1.1\r\n", "-"), ("HE(D /a HTTP/1.1\r\n", "-"), ("head\u{0} /\r\n", "-"),
    ])
    func `The method of a rejected request is known when its request line has one`(text: String, method: String) {
        let steps = Self.read(text, in: [0..<text.utf8.count], admission: .skip).steps
        #expect(steps.count == 1 && steps[0].hasSuffix(" \(method)"))
    }
}
