internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// The refusal of a request, before its endpoint.
enum Refusal: Error {
    /// In the error format of the route.
    case problem(Problem)
    case oauth(OAuthError)
    case aws(AWSProtocolError, AWSReadService)
    /// Whether the request is refused is known when the key set of this issuer has been read again.
    case keyMissing(JWTIssuer)

    /// Writes the refusal of a request to `route`.
    func write(for route: Route, to reply: consuming APIReply) -> ReplyReceipt {
        switch (self, route) {
        case (.oauth(let error), _): error.write(to: reply)
        case (.aws(let error, let service), _): AWSResponseWriter(service).write(refusal: error, to: reply)
        case (.problem(let problem), .oauthToken): OAuthError(problem).write(to: reply)
        case (.problem(let problem), .aws), (.problem(let problem), .extensionParameters):
            AWSResponseWriter(.parameterStore).write(AWSProtocolError(problem), allow: problem.allow, to: reply)
        case (.problem(let problem), .extensionSecrets):
            AWSResponseWriter(.secretsManager).write(AWSProtocolError(problem), allow: problem.allow, to: reply)
        case (.problem(let problem), _): problem.write(to: reply)
        // The router waits for the key set instead.
        case (.keyMissing, _): Problem.noCaller.write(to: reply)
        }
    }
}
