internal import LatchkeyCore
internal import LatchkeyHTTP

extension Problem {
    /// Writes this problem as the whole response.
    ///
    /// - Parameter members: further members of the body (RFC 9457 §3.2).
    func write(requestID: String, members: JSONObject = [:], to reply: ReplyWriter) {
        reply.begin(status)
        reply.append("Content-Type: application/problem+json\r\nCache-Control: no-store\r\n")
        reply.field("X-Request-Id", requestID)
        if status == 401 { reply.append("WWW-Authenticate: Bearer realm=\"latchkey\"\r\n") }
        if let allow { reply.field("Allow", allow) }
        if let retryAfter { reply.field("Retry-After", String(retryAfter)) }
        if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError) }
        reply.end(json(requestID: requestID, more: members).bytes())
    }
}
