internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// The parts of a token response (RFC 6749 §5.1) that do not change while the token is valid.
final class RenderedToken: Sendable {
    let version: UInt64
    /// Header fields up to the digits of `Age`, for JSON and for plain text.
    private let fields: [UInt8]
    private let textFields: [UInt8]
    private let text: [UInt8]
    private let bodyStart: [UInt8]
    private let bodyEnd: [UInt8]
    private let received: Int64
    private let expiry: Expiry

    /// - Parameter isOAuth: whether to add `Pragma`, which RFC 6749 §5.1 requires for OAuth clients.
    init(_ entry: TokenEntry, tier: Tier, isOAuth: Bool = false) {
        version = entry.version
        let token = entry.token
        received = token.received.monotonic.nanoseconds
        expiry = token.expiry
        let common = """
            Cache-Control: no-store\r\n\(isOAuth ? "Pragma: no-cache" : "Vary: Accept")\r\n\
            X-Latchkey-Tier: \(tier.name)\r\n\
            X-Latchkey-Expires-At: \(RFC3339.format(token.expiry.wall))\r\nAge:\u{20}
            """
        fields = Array("Content-Type: application/json\r\n\(common)".utf8)
        textFields = Array("Content-Type: text/plain; charset=utf-8\r\n\(common)".utf8)
        text = token.value.reveal()
        // The broker accepts only visible ASCII, but that includes the quote and the backslash.
        let quoted = JSON.string(token.value.revealText() ?? "").bytes()
        bodyStart = Array("{\"access_token\":".utf8) + quoted + Array(",\"token_type\":\"Bearer\",\"expires_in\":".utf8)
        let scope = token.scope.map { ",\"scope\":" + JSON.string($0).text } ?? ""
        bodyEnd = Array("\(scope)}".utf8)
    }

    /// Writes the prepared parts and the numbers that change.
    ///
    /// - Parameters:
    ///   - isText: whether to send only the token, without a line end.
    ///   - id: appends the request's id.
    func write(
        isText: Bool = false, isStale: Bool, isRejected: Bool, refreshError: UpstreamFault?, now: Now,
        to reply: ReplyWriter, id: (ReplyWriter) -> Void
    ) {
        reply.begin(200)
        reply.append(isText ? textFields : fields)
        reply.append(max(0, (now.monotonic.nanoseconds - received) / 1_000_000_000))
        reply.append("\r\nX-Request-Id: ")
        id(reply)
        reply.append("\r\n")
        if isStale { reply.append("X-Latchkey-Stale: true\r\n") }
        if isRejected { reply.append("X-Latchkey-Rejected: true\r\n") }
        if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        if isText { return reply.end(text) }
        let left = secondsLeft(now)
        reply.endHead(contentLength: bodyStart.count + Self.digits(left) + bodyEnd.count)
        guard !reply.isHead else { return }
        reply.append(bodyStart)
        reply.append(left)
        reply.append(bodyEnd)
    }

    /// Seconds until the token expires by whichever clock leaves less. Uses plain integers, because this runs for every
    /// request.
    private func secondsLeft(_ now: Now) -> Int64 {
        let monotonic = (expiry.monotonic.nanoseconds - now.monotonic.nanoseconds) / 1_000_000_000
        let wall = (expiry.wall.milliseconds - now.wall.milliseconds) / 1000
        return max(0, min(monotonic, wall))
    }

    /// Number of decimal digits of a non-negative number.
    private static func digits(_ number: Int64) -> Int {
        var (rest, count) = (number / 10, 1)
        while rest > 0 { (rest, count) = (rest / 10, count + 1) }
        return count
    }
}
