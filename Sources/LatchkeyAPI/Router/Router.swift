internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
package import LatchkeyHTTP
internal import LatchkeyMetrics

/// The router of one worker: finds the route, authenticates the caller and calls the endpoint.
///
/// It is confined to its worker's thread, so its state between requests needs no lock. A hit is answered inside
/// ``handle(_:)``; on a miss the broker gets a ``DeferredReply``.
package final class Router {
    let services: EndpointServices
    var ids = RequestIDs()
    private var renderedTokens = RenderedTokens()
    private var renderedOAuthTokens = RenderedOAuthTokens()
    var keys: LiveKeys.Copy
    var profiles: ProfileNames.Copy
    /// The authenticated caller of the current request; nil until then. Reset at the start of each request.
    var callerID: String?
    let routes = RouteTable.entries

    /// The functions that the server calls for a worker's connections, over a new router.
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
        guard let (entry, pathParameter) = RouteTable.find(path, in: routes) else {
            return refuse(
                context, hasKnownCaller(context) ? Self.notFound : Self.unauthorized(context), route: .other,
                started: started)
        }
        let call = Call(
            entry: entry, pathParameter: pathParameter, method: Method(context.head.method), started: started)
        do throws(Problem) {
            try checkAccess(context, entry)
            try answer(context, call)
        } catch {
            refuse(context, error, route: entry.route, started: started)
        }
    }

    /// The request that an endpoint answers.
    struct Call {
        let entry: RouteTable.Entry
        /// The path segment that matches `{…}`, still percent-encoded.
        let pathParameter: UnsafeRawBufferPointer
        let method: Method
        let started: MonotonicTime
    }

    private func answer(_ context: RequestContext, _ call: Call) throws(Problem) {
        let query = context.slice(context.head.query)
        followProfiles()
        switch call.entry.route {
        case .token: try token(context, call, profile: profiles.defaultProfile, query: query, rendered: &renderedTokens)
        case .tokenProfile:
            let profile = try profile(call.pathParameter)
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

    private func profile(_ pathParameter: UnsafeRawBufferPointer) throws(Problem) -> ProfileID {
        guard let name = PercentEncoding.decode(pathParameter) else { throw Self.noSuchProfile }
        return try profile(named: name)
    }

    func profile(named name: String) throws(Problem) -> ProfileID {
        guard let profile = profiles.id(of: name) else { throw Self.noSuchProfile }
        return profile
    }

    /// Takes the current profiles. If they changed, the rendered tokens are dropped.
    private func followProfiles() {
        guard profiles.follow() else { return }
        renderedTokens = RenderedTokens()
        renderedOAuthTokens = RenderedOAuthTokens()
    }

    // MARK: Access

    /// Throws the problem to send when the caller may not use this route or method.
    func checkAccess(_ context: RequestContext, _ entry: RouteTable.Entry) throws(Problem) {
        if context.isOverCapacity, entry.access != .open { throw Problem(ServerRejection.overloaded) }
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

    /// Whether the caller of an unknown path is authenticated. The path may be a mistyped one of any route, so every
    /// way to present a key counts.
    private func hasKnownCaller(_ context: RequestContext) -> Bool { tokenCaller(context) != nil }

    /// The caller that the key of `Authorization: Bearer <key>` belongs to (RFC 6750 §2.1). The scheme is
    /// case-insensitive (RFC 9110 §11.1).
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

    /// Counts a request without a valid credential, and tells the server not to keep its connection open.
    func noteUnknownCaller(_ context: RequestContext, _ reason: AuthFailure) {
        services.metrics.authFailure(reason)
        context.isUnauthenticated = true
    }

    static let noSuchProfile = Problem(404, .notFound, "no such token profile")

    private static let notFound = Problem(404, .notFound, "no such route")

    private static func unauthorized(_ context: RequestContext) -> Problem {
        Problem(401, .unauthorized, "a valid key is needed in authorization: bearer <key>")
    }

    // MARK: Responses

    func refuse(_ context: RequestContext, _ problem: Problem, route: Route, started: MonotonicTime) {
        let id = ids.text(context.slice(context.head.requestID))
        switch route {
        case .oauthToken: OAuthError(problem).write(requestID: id, to: context.reply)
        case .aws, .extensionParameters:
            AWSResponseWriter(service: .parameterStore, id: id).write(
                AWSProtocolError(problem), allow: problem.allow, to: context.reply)
        case .extensionSecrets:
            AWSResponseWriter(service: .secretsManager, id: id).write(
                AWSProtocolError(problem), allow: problem.allow, to: context.reply)
        default: problem.write(requestID: id, to: context.reply)
        }
        recordAnswer(context, route, started)
    }

    /// Records the response of `call`.
    /// - Parameter tier: the tier that answered, for responses without `X-Latchkey-Tier`.
    func recordAnswer(_ context: RequestContext, _ call: Call, tier: StaticString? = nil) {
        services.recorder.record(request(call), context.reply, tier: tier)
    }

    private func recordAnswer(_ context: RequestContext, _ route: Route, _ started: MonotonicTime) {
        let method = Method(context.head.method)
        services.recorder.record(
            AnswerRecorder.Request(route: route, method: method, started: started, caller: callerID), context.reply)
    }

    /// What to record for a request that is answered later.
    func request(_ call: Call) -> AnswerRecorder.Request {
        AnswerRecorder.Request(
            route: call.entry.route, method: call.method, started: call.started, caller: callerID)
    }
}
