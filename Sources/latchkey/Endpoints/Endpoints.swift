internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// What the endpoints of every worker share.
struct EndpointServices: Sendable {
    let keys: LiveKeys
    let tokens: TokenBroker
    let secrets: SecretBroker
    let audiences: AudienceCache
    let fronts: AWSRequestHandler
    let metrics: Metrics
    let recorder: AnswerRecorder
    let scrapes: MetricsPages
    let readiness: Readiness
    let waits: SecretWaits
    let time: TimeSource
    /// The longest a caller waits: twice the upstream timeout.
    let patience: Duration
}

/// The endpoints of one worker: finds the route, lets the caller in, answers.
///
/// Lives on its worker's thread, so what it keeps between requests needs no lock. A hit is answered inside
/// ``handle(_:)``; a miss takes its ``DeferredReply`` to the broker.
final class Endpoints {
    let services: EndpointServices
    var ids = RequestIDs()
    private var tokenPages = RenderedTokens()
    private var oauthPages = RenderedOAuthTokens()
    var keys: LiveKeys.Copy
    var profiles: ProfileNames.Copy
    /// Who asks, once that is settled; nil until then. Each call of the server's begins without.
    var callerID: String?
    let routes = RouteTable.entries

    init(_ services: EndpointServices) {
        self.services = services
        keys = LiveKeys.Copy(services.keys)
        profiles = ProfileNames.Copy(services.tokens.names)
    }

    func handle(_ exchange: RequestContext) {
        let started = exchange.reply.now
        callerID = nil
        let path = exchange.slice(exchange.head.path)
        guard let (entry, rest) = RouteTable.find(path, in: routes) else {
            return refuse(exchange, .other, started, isKnown(exchange) ? Self.notFound : Self.unauthorized(exchange))
        }
        let call = Call(entry: entry, rest: rest, method: Method(exchange.head.method), started: started)
        do throws(Problem) {
            try letIn(exchange, entry)
            try answer(exchange, call)
        } catch {
            refuse(exchange, entry.route, started, error)
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

    private func answer(_ exchange: RequestContext, _ call: Call) throws(Problem) {
        let query = exchange.slice(exchange.head.query)
        followProfiles()
        switch call.entry.route {
        case .token: try token(exchange, call, profile: profiles.defaultProfile, query, &tokenPages)
        case .tokenProfile:
            let profile = try profile(call.rest)
            try token(exchange, call, profile: profile, query, &tokenPages)
        case .secret: try secret(exchange, call, query)
        case .secrets: try secrets(exchange, call, query)
        case .tokenRejected: try rejected(exchange, call, query)
        case .oauthToken: oauthToken(exchange, call, query, &oauthPages)
        case .aws: aws(exchange, call, query)
        case .extensionParameters, .extensionSecrets: try awsExtension(exchange, call, query)
        case .livez: probe(exchange, call, isGood: true)
        case .readyz: probe(exchange, call, isGood: services.readiness.isReady)
        case .health: try health(exchange, call, query)
        case .metrics: try metrics(exchange, call, query)
        case .cacheClear: try clearCache(exchange, call, query)
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
        tokenPages = RenderedTokens()
        oauthPages = RenderedOAuthTokens()
    }

    // MARK: Letting in

    /// Who may not use the route, or not in this way, is told so.
    func letIn(_ exchange: RequestContext, _ entry: RouteTable.Entry) throws(Problem) {
        if exchange.isOverCapacity, entry.access != .open { throw Problem(ServerRefusal.overloaded) }
        if case .key(let scope) = entry.access {
            guard let caller = caller(exchange) else { throw Self.unauthorized(exchange) }
            guard caller.scopes.isSuperset(of: scope) else {
                services.metrics.authFailure(.scope)
                throw Problem(403, .forbidden, "this key may not do that")
            }
        }
        guard entry.methods.contains(Method(exchange.head.method)) else {
            var problem = Problem(405, .methodNotAllowed, "\(entry.path) takes \(entry.allow)")
            problem.allow = entry.allow
            throw problem
        }
    }

    /// A path that is none may be a mistyped one of any route, so each way to present a key counts.
    private func isKnown(_ exchange: RequestContext) -> Bool { tokenCaller(exchange) != nil }

    /// Who holds the key of `Authorization: Bearer <key>` (RFC 6750 §2.1; the scheme in any case, RFC 9110 §11.1).
    func caller(_ exchange: RequestContext) -> Caller? {
        let value = exchange.slice(exchange.head.authorization)
        guard value.count > 7, Grammar.equals(UnsafeRawBufferPointer(rebasing: value[..<7]), folded: "bearer ") else {
            unknownCaller(exchange, value.isEmpty ? .missing : .malformed)
            return nil
        }
        var key = UnsafeRawBufferPointer(rebasing: value[7...])
        while key.first == 0x20 { key = UnsafeRawBufferPointer(rebasing: key.dropFirst()) }
        let caller = keys.caller(presenting: key)
        if caller == nil { unknownCaller(exchange, .unknown) }
        callerID = caller?.id
        return caller
    }

    /// The request has no valid credential: counted, and told to the server, which keeps no connections of strangers.
    func unknownCaller(_ exchange: RequestContext, _ reason: AuthFailure) {
        services.metrics.authFailure(reason)
        exchange.callerIsUnknown = true
    }

    static let noSuchProfile = Problem(404, .notFound, "no such token profile")

    private static let notFound = Problem(404, .notFound, "no such route")

    private static func unauthorized(_ exchange: RequestContext) -> Problem {
        Problem(401, .unauthorized, "a valid key is needed in authorization: bearer <key>")
    }

    // MARK: Answering

    func refuse(_ exchange: RequestContext, _ route: Route, _ started: MonotonicTime, _ problem: Problem) {
        let id = ids.text(exchange.slice(exchange.head.requestID))
        switch route {
        case .oauthToken: Self.write(OAuthError(problem), id: id, to: exchange.reply)
        case .aws, .extensionParameters:
            FrontAnswer(service: .parameterStore, id: id).write(
                AWSFault(problem), allow: problem.allow, to: exchange.reply)
        case .extensionSecrets:
            FrontAnswer(service: .secretsManager, id: id).write(
                AWSFault(problem), allow: problem.allow, to: exchange.reply)
        default: Self.write(problem, id: id, to: exchange.reply)
        }
        answered(exchange, route, started)
    }

    /// Renders a problem.
    static func write(_ problem: Problem, id: String, members: JSONObject = [:], to reply: ReplyWriter) {
        reply.begin(problem.status)
        reply.append("Content-Type: application/problem+json\r\nCache-Control: no-store\r\n")
        reply.field("X-Request-Id", id)
        if problem.status == 401 { reply.append("WWW-Authenticate: Bearer realm=\"latchkey\"\r\n") }
        if let allow = problem.allow { reply.field("Allow", allow) }
        if let seconds = problem.retryAfter { reply.field("Retry-After", String(seconds)) }
        if let refreshError = problem.refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError) }
        reply.end(problem.page(requestID: id, more: members).bytes())
    }

    /// One answer was rendered.
    /// - Parameter tier: where it came from, for answers without `X-Latchkey-Tier`.
    func answered(_ exchange: RequestContext, _ call: Call, tier: StaticString? = nil) {
        services.recorder.record(request(call), exchange.reply, tier: tier)
    }

    private func answered(_ exchange: RequestContext, _ route: Route, _ started: MonotonicTime) {
        let method = Method(exchange.head.method)
        services.recorder.record(
            AnswerRecorder.Request(route: route, method: method, started: started, caller: callerID), exchange.reply)
    }

    /// What is to be recorded of a request, for one that is answered later.
    func request(_ call: Call) -> AnswerRecorder.Request {
        AnswerRecorder.Request(
            route: call.entry.route, method: call.method, started: call.started, caller: callerID)
    }
}
