internal import LatchkeyBroker
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// Authenticates a request with a body from its head, and decides whether to read the body. A refused request is
    /// answered here, before any of its body is kept.
    func admit(_ context: RequestContext) -> BodyAdmission {
        let started = context.reply.now
        callerID = nil
        guard let (entry, pathParameter) = RouteTable.find(context.slice(context.head.path), in: routes),
            entry.access != .open
        else {
            // Unknown routes and probes do not use the body.
            handle(context)
            return .answered
        }
        let call = Call(
            entry: entry, pathParameter: pathParameter, method: Method(context.head.method), started: started)
        do throws(Problem) {
            try checkAccess(context, entry)
            switch entry.access {
            case .client: return oauthAdmission(context, call)
            case .signed: return awsAdmission(context, call)
            case .token: _ = try extensionCaller(context, entry)
            case .open, .key: break
            }
            _ = try RequestQuery(context.slice(context.head.query), allowed: entry.query)
            return entry.route == .tokenRejected ? .keep(limit: .max, identifyWithin: nil) : .skip
        } catch {
            refuse(context, error, route: entry.route, started: started)
            return .answered
        }
    }

    /// Looks for the caller in the first part of the body. Only `/oauth/token` has its credentials there.
    func identify(_ context: RequestContext) -> Bool {
        let started = context.reply.now
        callerID = nil
        guard let (entry, pathParameter) = RouteTable.find(context.slice(context.head.path), in: routes) else {
            return false
        }
        let call = Call(
            entry: entry, pathParameter: pathParameter, method: Method(context.head.method), started: started)
        return identifyClient(context, call)
    }
}
