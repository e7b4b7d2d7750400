internal import LatchkeyCore
internal import LatchkeyHTTP

extension Problem {
    /// Writes this problem as the whole response.
    ///
    /// - Parameter members: further members of the body (RFC 9457 §3.2).
    func write(members: JSONObject = [:], to reply: consuming APIReply) -> ReplyReceipt {
        let body = json(requestID: reply.id.text, more: members).bytes()
        let reply = reply.begin(status)
        reply.append("Content-Type: application/problem+json\r\n")
        if status == 401 { reply.append("WWW-Authenticate: Bearer realm=\"latchkey\"\r\n") }
        if let allow { reply.field("Allow", allow) }
        if let retryAfter { reply.field("Retry-After", String(retryAfter)) }
        if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError) }
        return reply.end(body).about(AnswerReason(code.rawValue, isDenial: status == 401 || status == 403))
    }
}
