internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// A token response (RFC 6749 §5.1): the parts that do not change while the token is valid, and the token's times.
struct RenderedToken: Sendable {
    private let format: TokenForm.Format
    private let form: TokenForm
    private let received: Int64
    private let expiry: Expiry

    /// - Parameter tier: the tier that answered. The response of ``Tier/memory`` is rendered once for each token.
    init(_ entry: TokenEntry, tier: Tier, format: TokenForm.Format) {
        self.format = format
        form =
            tier == .memory
            ? entry.form(format) { Self.render(entry.token, tier, format) } : Self.render(entry.token, tier, format)
        received = entry.token.received.monotonic.nanoseconds
        expiry = entry.token.expiry
    }

    static func render(_ token: AccessToken, _ tier: Tier, _ format: TokenForm.Format) -> TokenForm {
        // RFC 6749 §5.1 requires `Pragma` for OAuth clients.
        let fields = """
            Content-Type: \(format == .text ? "text/plain; charset=utf-8" : "application/json")\r\n\
            \(format == .oauth ? "Pragma: no-cache" : "Vary: Accept")\r\n\
            X-Latchkey-Tier: \(tier.name)\r\n\
            X-Latchkey-Expires-At: \(RFC3339.format(token.expiry.wall))\r\nAge:\u{20}
            """
        if format == .text {
            return TokenForm(fields: Array(fields.utf8), bodyStart: token.value.reveal(), bodyEnd: [])
        }
        // The broker accepts only visible ASCII, but that includes the quote and the backslash.
        let quoted = JSON.string(token.value.revealText() ?? "").bytes()
        return TokenForm(
            fields: Array(fields.utf8),
            bodyStart: Array("{\"access_token\":".utf8) + quoted
                + Array(",\"token_type\":\"Bearer\",\"expires_in\":".utf8),
            bodyEnd: Array("\(token.scope.map { ",\"scope\":" + JSON.string($0).text } ?? "")}".utf8))
    }

    /// Writes the prepared parts and the numbers that change.
    ///
    /// - Parameters:
    ///   - served: the token that this rendering is of, and its state.
    ///   - isStale: whether the token is inside its buffer now.
    func write(_ served: ServedToken, isStale: Bool, now: Now, to reply: consuming APIReply) -> ReplyReceipt {
        let reply = reply.begin(200)
        reply.append(form.fields)
        reply.append(max(0, (now.monotonic.nanoseconds - received) / 1_000_000_000))
        reply.append("\r\n")
        if isStale { reply.append("X-Latchkey-Stale: true\r\n") }
        if served.isRejected { reply.append("X-Latchkey-Rejected: true\r\n") }
        if let refreshError = served.refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        if format == .text { return reply.end(form.bodyStart) }
        let left = secondsLeft(now)
        reply.endHead(contentLength: form.bodyStart.count + Self.digits(left) + form.bodyEnd.count)
        if !reply.isHead {
            reply.append(form.bodyStart)
            reply.append(left)
            reply.append(form.bodyEnd)
        }
        return reply.endBody()
    }

    private func secondsLeft(_ now: Now) -> Int64 { Self.secondsLeft(expiry, now) }

    /// Seconds until the token expires by whichever clock leaves less. Uses plain integers, because this runs for every
    /// request.
    static func secondsLeft(_ expiry: Expiry, _ now: Now) -> Int64 {
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
