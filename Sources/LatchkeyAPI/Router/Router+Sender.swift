internal import LatchkeyAWS
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// Refuses a request that no service has sent (``SenderRules``).
    ///
    /// - Parameter route: the route, for the format of the refusal.
    func requireService(_ context: RequestContext, _ route: Route) throws(Refusal) {
        if services.senders.accepts(context) { return }
        guard let problem = services.senders.problem(of: context, route) else { return }
        // A browser or a proxy must not keep a connection open that a caller needs.
        context.isUnauthenticated = true
        guard route == .aws else { throw .problem(problem) }
        throw .aws(AWSProtocolError(problem), target(context).service ?? .parameterStore)
    }

    /// The operation that a request to `POST /` names.
    func target(_ context: RequestContext) -> AWSTarget {
        AWSTarget(context.slice(context.head.field("x-amz-target", in: context.bytes)))
    }
}
