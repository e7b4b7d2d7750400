internal import LatchkeyBroker
internal import LatchkeyHTTP

extension Router {
    /// `POST /token/rejected` reports that a resource server refused a token.
    ///
    /// The status is 202 whether or not the token is the cached one, so that a late report needs no error handling. The
    /// next request gets a new token, or the same one with `X-Latchkey-Rejected` if no other is available yet.
    func rejected(
        _ request: borrowing APIRequest, _ report: (profile: ProfileID, token: RejectedToken), by caller: String,
        _ reply: consuming APIReply
    ) -> ReplyReceipt {
        services.tokens.reject(report.profile, sha256: report.token.digest, by: caller)
        return onceDurable(request, reply) { $0.begin(202).end([]) }
    }

    func rejectedToken(_ request: inout APIRequest) throws(Problem) -> (profile: ProfileID, token: RejectedToken) {
        _ = try request.query()
        // A request without length and transfer coding has no body (RFC 9112 §6.3), but this one needs a body.
        guard request.context.head.contentLength != nil || request.context.head.isChunked else {
            throw Problem(411, .lengthRequired, "send the body with content-length or chunked")
        }
        let token = try RejectedToken(request.context.body)
        let name = token.profile ?? ProfileGrant.defaultName
        if services.recorder.keepsNames { request.bodyNames = [name] }
        try require(.profile(name), &request)
        guard let name = token.profile else { return (profiles.defaultProfile, token) }
        return (try profile(named: name), token)
    }
}
