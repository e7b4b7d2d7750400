internal import LatchkeyBroker
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `POST /token/rejected` reports that a resource server refused a token.
    ///
    /// The status is 202 whether or not the token is the cached one, so that a late report needs no error handling. The
    /// next request gets a new token, or the same one with `X-Latchkey-Rejected` if no other is available yet.
    func rejected(_ context: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer) throws(Problem) {
        _ = try RequestQuery(query, allowed: call.entry.query)
        // A request without length and transfer coding has no body (RFC 9112 §6.3), but this one needs a body.
        guard context.head.contentLength != nil || context.head.isChunked else {
            throw Problem(411, .lengthRequired, "send the body with content-length or chunked")
        }
        let request = try RejectedToken(context.body)
        var profile = profiles.defaultProfile
        if let name = request.profile { profile = try self.profile(named: name) }
        services.tokens.reject(profile, sha256: request.digest, by: caller(context)?.id ?? Caller.default.id)
        let reply = context.reply
        reply.begin(202)
        reply.append("Cache-Control: no-store\r\nX-Request-Id: ")
        ids.append(context.slice(context.head.requestID), to: reply)
        reply.append("\r\n")
        reply.end([])
        recordAnswer(context, call)
    }
}
