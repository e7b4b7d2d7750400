internal import LatchkeyBroker
internal import LatchkeyHTTP

extension OAuthError {
    /// Writes this error as the whole response.
    func write(to reply: consuming APIReply) -> ReplyReceipt {
        let reply = reply.begin(status)
        reply.append("Content-Type: application/json\r\nPragma: no-cache\r\n")
        // Clients may authenticate by Basic or in the body; only Basic has a scheme to name here (RFC 9110 §15.5.2,
        // RFC 6749 §5.2).
        if status == 401 { reply.append("WWW-Authenticate: Basic realm=\"latchkey\"\r\n") }
        if let allow { reply.field("Allow", allow) }
        if let retryAfter { reply.field("Retry-After", String(retryAfter)) }
        let isDenial = denial != nil || code == .invalidClient || code == .unauthorizedClient
        return reply.end(body()).about(AnswerReason(denial?.rawValue ?? code.rawValue, isDenial: isDenial))
    }
}
