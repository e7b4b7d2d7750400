internal import LatchkeyBroker
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `POST /token/rejected`: a resource server refused this token.
    ///
    /// 202 whether or not it was the cached one, so that a caller who is late learns nothing and need not care. What it
    /// asks for next is another token, or the same with `X-Latchkey-Rejected` where no other can be had yet.
    func rejected(_ context: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer) throws(Problem) {
        _ = try RequestQuery(query, allowed: call.entry.query)
        // Neither length nor coding means no body at all (RFC 9112 §6.3), and this request is nothing without one.
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
