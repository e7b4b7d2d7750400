internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
package import LatchkeyHTTP
internal import LatchkeyMetrics

/// The endpoints of one worker: finds the route, lets the caller in, answers.
///
/// Lives on its worker's thread, so what it keeps between requests needs no lock. A hit is answered inside
/// ``handle(_:)``; a miss takes its ``DeferredReply`` to the broker.
package final class Router {
    let services: EndpointServices
    var ids = RequestIDs()
    private var renderedTokens = RenderedTokens()
    private var renderedOAuthTokens = RenderedOAuthTokens()
    var keys: LiveKeys.Copy
    var profiles: ProfileNames.Copy
    /// Who asks, once that is settled; nil until then. Each call of the server's begins without.
    var callerID: String?
    let routes = RouteTable.entries

    /// The functions that a worker's connections call, over a router of its own.
    package static func requestHandler(_ services: EndpointServices) -> RequestHandler {
        let router = Router(services)
        return RequestHandler(admit: router.admit, identify: router.identify, answer: router.handle)
    }

    private init(_ services: EndpointServices) {
        self.services = services
        keys = LiveKeys.Copy(services.keys)
        profiles = ProfileNames.Copy(services.tokens.names)
    }

    func handle(_ context: RequestContext) {
        let started = context.reply.now
        callerID = nil
        let path = context.slice(context.head.path)
        guard let (entry, rest) = RouteTable.find(path, in: routes) else {
            return refuse(
                context, isKnown(context) ? Self.notFound : Self.unauthorized(context), route: .other, started: started)
        }
        let call = Call(entry: entry, rest: rest, method: Method(context.head.method), started: started)
        do throws(Problem) {
            try checkAccess(context, entry)
            try answer(context, call)
        } catch {
            refuse(context, error, route: entry.route, started: started)
        }
    }

    /// One request as the endpoints see it.
    struct Call {
        let entry: RouteTable.Entry
        /// What stands in the place of the path's `{…}`.
        let rest: UnsafeRawBufferPointer
        let method: Method
        let started: MonotonicTime
    }

    private func answer(_ context: RequestContext, _ call: Call) throws(Problem) {
        let query = context.slice(context.head.query)
        followProfiles()
        switch call.entry.route {
        case .token: try token(context, call, profile: profiles.defaultProfile, query: query, rendered: &renderedTokens)
        case .tokenProfile:
            let profile = try profile(call.rest)
            try token(context, call, profile: profile, query: query, rendered: &renderedTokens)
        case .secret: try secret(context, call, query)
        case .secrets: try secrets(context, call, query)
        case .tokenRejected: try rejected(context, call, query)
        case .oauthToken: oauthToken(context, call, query: query, rendered: &renderedOAuthTokens)
        case .aws: aws(context, call, query)
        case .extensionParameters, .extensionSecrets: try awsExtension(context, call, query)
        case .livez: probe(context, call, isGood: true)
        case .readyz: probe(context, call, isGood: services.isReady())
        case .health: try health(context, call, query)
        case .metrics: try metrics(context, call, query)
        case .cacheClear: try clearCache(context, call, query)
        default: throw Self.notFound
        }
    }

    private func profile(_ rest: UnsafeRawBufferPointer) throws(Problem) -> ProfileID {
        guard let name = PercentEncoding.decode(rest) else { throw Self.noSuchProfile }
        return try profile(named: name)
    }

    func profile(named name: String) throws(Problem) -> ProfileID {
        guard let profile = profiles.id(of: name) else { throw Self.noSuchProfile }
        return profile
    }

    /// Takes the profiles now in force. What was rendered for others is dropped.
    private func followProfiles() {
        guard profiles.follow() else { return }
        renderedTokens = RenderedTokens()
        renderedOAuthTokens = RenderedOAuthTokens()
    }

    // MARK: Letting in

    /// Who may not use the route, or not in this way, is told so.
    func checkAccess(_ context: RequestContext, _ entry: RouteTable.Entry) throws(Problem) {
        if context.isOverCapacity, entry.access != .open { throw Problem(ServerRefusal.overloaded) }
        if case .key(let scope) = entry.access {
            guard let caller = caller(context) else { throw Self.unauthorized(context) }
            guard caller.scopes.isSuperset(of: scope) else {
                services.metrics.authFailure(.scope)
                throw Problem(403, .forbidden, "this key may not do that")
            }
        }
        guard entry.methods.contains(Method(context.head.method)) else {
            var problem = Problem(405, .methodNotAllowed, "\(entry.path) takes \(entry.allow)")
            problem.allow = entry.allow
            throw problem
        }
    }

    /// A path that is none may be a mistyped one of any route, so each way to present a key counts.
    private func isKnown(_ context: RequestContext) -> Bool { tokenCaller(context) != nil }

    /// Who holds the key of `Authorization: Bearer <key>` (RFC 6750 §2.1; the scheme in any case, RFC 9110 §11.1).
    func caller(_ context: RequestContext) -> Caller? {
        let value = context.slice(context.head.authorization)
        guard value.count > 7, Grammar.equals(UnsafeRawBufferPointer(rebasing: value[..<7]), folded: "bearer ") else {
            noteUnknownCaller(context, value.isEmpty ? .missing : .malformed)
            return nil
        }
        var key = UnsafeRawBufferPointer(rebasing: value[7...])
        while key.first == 0x20 { key = UnsafeRawBufferPointer(rebasing: key.dropFirst()) }
        let caller = keys.caller(presenting: key)
        if caller == nil { noteUnknownCaller(context, .unknown) }
        callerID = caller?.id
        return caller
    }

    /// The request has no valid credential: counted, and told to the server, which keeps no connections of strangers.
    func noteUnknownCaller(_ context: RequestContext, _ reason: AuthFailure) {
        services.metrics.authFailure(reason)
        context.callerIsUnknown = true
    }

    static let noSuchProfile = Problem(404, .notFound, "no such token profile")

    private static let notFound = Problem(404, .notFound, "no such route")

    private static func unauthorized(_ context: RequestContext) -> Problem {
        Problem(401, .unauthorized, "a valid key is needed in authorization: bearer <key>")
    }

    // MARK: Answering

    func refuse(_ context: RequestContext, _ problem: Problem, route: Route, started: MonotonicTime) {
        let id = ids.text(context.slice(context.head.requestID))
        switch route {
        case .oauthToken: OAuthError(problem).write(requestID: id, to: context.reply)
        case .aws, .extensionParameters:
            AWSResponseWriter(service: .parameterStore, id: id).write(
                AWSFault(problem), allow: problem.allow, to: context.reply)
        case .extensionSecrets:
            AWSResponseWriter(service: .secretsManager, id: id).write(
                AWSFault(problem), allow: problem.allow, to: context.reply)
        default: problem.write(requestID: id, to: context.reply)
        }
        recordAnswer(context, route, started)
    }

    /// One answer was rendered.
    /// - Parameter tier: where it came from, for answers without `X-Latchkey-Tier`.
    func recordAnswer(_ context: RequestContext, _ call: Call, tier: StaticString? = nil) {
        services.recorder.record(request(call), context.reply, tier: tier)
    }

    private func recordAnswer(_ context: RequestContext, _ route: Route, _ started: MonotonicTime) {
        let method = Method(context.head.method)
        services.recorder.record(
            AnswerRecorder.Request(route: route, method: method, started: started, caller: callerID), context.reply)
    }

    /// What is to be recorded of a request, for one that is answered later.
    func request(_ call: Call) -> AnswerRecorder.Request {
        AnswerRecorder.Request(
            route: call.entry.route, method: call.method, started: call.started, caller: callerID)
    }
}
