internal import LatchkeyBroker
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Endpoints {
    /// Decides from the head of a request with a body who the caller is and whether the body is wanted. What the head
    /// refuses is answered here, before anything of the body is kept.
    func admit(_ exchange: RequestContext) -> BodyAdmission {
        let started = exchange.reply.now
        callerID = nil
        guard let (entry, rest) = RouteTable.find(exchange.slice(exchange.head.path), in: routes), entry.access != .open
        else {
            // A refusal or a probe: neither has a use for the body.
            handle(exchange)
            return .answered
        }
        let call = Call(entry: entry, rest: rest, method: Method(exchange.head.method), started: started)
        do throws(Problem) {
            try letIn(exchange, entry)
            switch entry.access {
            case .client: return oauthAdmission(exchange, call)
            case .signed: return awsAdmission(exchange, call)
            case .token: _ = try extensionCaller(exchange, entry)
            case .open, .key: break
            }
            _ = try RequestQuery(exchange.slice(exchange.head.query), allowed: entry.query)
            return entry.route == .tokenRejected ? .keep(limit: .max, callerWithin: nil) : .skip
        } catch {
            refuse(exchange, entry.route, started, error)
            return .answered
        }
    }

    /// Asks the first part of a body for its caller. Only `/oauth/token` has its credential there.
    func identify(_ exchange: RequestContext) -> Bool {
        let started = exchange.reply.now
        callerID = nil
        guard let (entry, rest) = RouteTable.find(exchange.slice(exchange.head.path), in: routes) else { return false }
        let call = Call(entry: entry, rest: rest, method: Method(exchange.head.method), started: started)
        return identifyClient(exchange, call)
    }
}
