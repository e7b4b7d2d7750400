internal import LatchkeyBroker
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// Decides from the head of a request with a body who the caller is and whether the body is wanted. What the head
    /// refuses is answered here, before anything of the body is kept.
    func admit(_ context: RequestContext) -> BodyAdmission {
        let started = context.reply.now
        callerID = nil
        guard let (entry, rest) = RouteTable.find(context.slice(context.head.path), in: routes), entry.access != .open
        else {
            // A refusal or a probe: neither has a use for the body.
            handle(context)
            return .answered
        }
        let call = Call(entry: entry, rest: rest, method: Method(context.head.method), started: started)
        do throws(Problem) {
            try checkAccess(context, entry)
            switch entry.access {
            case .client: return oauthAdmission(context, call)
            case .signed: return awsAdmission(context, call)
            case .token: _ = try extensionCaller(context, entry)
            case .open, .key: break
            }
            _ = try RequestQuery(context.slice(context.head.query), allowed: entry.query)
            return entry.route == .tokenRejected ? .keep(limit: .max, callerWithin: nil) : .skip
        } catch {
            refuse(context, error, route: entry.route, started: started)
            return .answered
        }
    }

    /// Asks the first part of a body for its caller. Only `/oauth/token` has its credential there.
    func identify(_ context: RequestContext) -> Bool {
        let started = context.reply.now
        callerID = nil
        guard let (entry, rest) = RouteTable.find(context.slice(context.head.path), in: routes) else { return false }
        let call = Call(entry: entry, rest: rest, method: Method(context.head.method), started: started)
        return identifyClient(context, call)
    }
}
