internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// The parts of a token response (RFC 6749 §5.1) that do not change while the token is valid.
final class RenderedToken: Sendable {
    /// The endpoint that the response is for.
    enum Format: Int, CaseIterable {
        /// `GET /token`: JSON or plain text.
        case token
        /// `POST /oauth/token`: JSON for an OAuth client, which may ask for a scope.
        case oauth
    }

    let version: UInt64
    /// Header fields up to the digits of `Age`, for JSON and for plain text.
    private let fields: [UInt8]
    private let textFields: [UInt8]
    private let text: [UInt8]
    private let bodyStart: [UInt8]
    private let bodyEnd: [UInt8]
    private let received: Int64
    private let expiry: Expiry
    /// Nil for ``Format/token``, whose callers ask for no scope.
    private let scope: GrantedScope?

    init(_ entry: TokenEntry, tier: Tier, format: Format) {
        version = entry.version
        let token = entry.token
        received = token.received.monotonic.nanoseconds
        expiry = token.expiry
        // RFC 6749 §5.1 requires `Pragma` for OAuth clients.
        let common = """
            \(format == .oauth ? "Pragma: no-cache" : "Vary: Accept")\r\n\
            X-Latchkey-Tier: \(tier.name)\r\n\
            X-Latchkey-Expires-At: \(RFC3339.format(token.expiry.wall))\r\nAge:\u{20}
            """
        fields = Array("Content-Type: application/json\r\n\(common)".utf8)
        textFields = Array("Content-Type: text/plain; charset=utf-8\r\n\(common)".utf8)
        text = token.value.reveal()
        // The broker accepts only visible ASCII, but that includes the quote and the backslash.
        let quoted = JSON.string(token.value.revealText() ?? "").bytes()
        bodyStart = Array("{\"access_token\":".utf8) + quoted + Array(",\"token_type\":\"Bearer\",\"expires_in\":".utf8)
        bodyEnd = Array("\(token.scope.map { ",\"scope\":" + JSON.string($0).text } ?? "")}".utf8)
        scope = format == .oauth ? GrantedScope(issuerScope: token.scope, token: token.value) : nil
    }

    /// Whether the token is not known to lack one of the scopes.
    func includes(_ wanted: [String]) -> Bool { scope?.includes(wanted) ?? true }

    /// Writes the prepared parts and the numbers that change.
    ///
    /// - Parameters:
    ///   - served: the token that this rendering is of, and its state.
    ///   - isText: whether to send only the token, without a line end.
    ///   - isStale: whether the token is inside its buffer now.
    func write(
        _ served: ServedToken, isText: Bool = false, isStale: Bool, now: Now, to reply: consuming APIReply
    ) -> ReplyReceipt {
        let reply = reply.begin(200)
        reply.append(isText ? textFields : fields)
        reply.append(max(0, (now.monotonic.nanoseconds - received) / 1_000_000_000))
        reply.append("\r\n")
        if isStale { reply.append("X-Latchkey-Stale: true\r\n") }
        if served.isRejected { reply.append("X-Latchkey-Rejected: true\r\n") }
        if let refreshError = served.refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        if isText { return reply.end(text) }
        let left = secondsLeft(now)
        reply.endHead(contentLength: bodyStart.count + Self.digits(left) + bodyEnd.count)
        if !reply.isHead {
            reply.append(bodyStart)
            reply.append(left)
            reply.append(bodyEnd)
        }
        return reply.endBody()
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
