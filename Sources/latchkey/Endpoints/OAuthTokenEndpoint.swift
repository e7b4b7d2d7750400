internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// One profile's answer to OAuth clients.
struct RenderedOAuthToken: Sendable {
    private let page: RenderedToken
    private let scope: GrantedScope

    var version: UInt64 { page.version }

    init(_ entry: TokenEntry, tier: Tier) {
        page = RenderedToken(entry, tier: tier, isOAuth: true)
        scope = GrantedScope(said: entry.token.scope, token: entry.token.value)
    }

    func require(_ wanted: [String]) throws(OAuthError) {
        guard scope.includes(wanted) else {
            throw OAuthError(.invalidScope, "the token of this audience has not all of that scope; leave scope out")
        }
    }

    func write(
        isStale: Bool, isRejected: Bool, refreshError: UpstreamFault?, now: Now, to reply: ReplyWriter,
        id: (ReplyWriter) -> Void
    ) {
        page.write(
            isStale: isStale, isRejected: isRejected, refreshError: refreshError, now: now, to: reply, id: id)
    }
}

/// One worker's pages for OAuth clients: each token is rendered once a worker.
struct RenderedOAuthTokens {
    private var pages: [RenderedOAuthToken?] = []

    mutating func page(_ profile: ProfileID, _ entry: TokenEntry) -> RenderedOAuthToken {
        while pages.count <= profile.index { pages.append(nil) }
        if let page = pages[profile.index], page.version == entry.version { return page }
        let page = RenderedOAuthToken(entry, tier: .memory)
        pages[profile.index] = page
        return page
    }
}

extension Endpoints {
    /// `POST /oauth/token`: the token endpoint of RFC 6749 §3.2 over the same cache. Its errors are OAuth's.
    func oauthToken(
        _ exchange: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer, _ pages: inout RenderedOAuthTokens
    ) {
        do throws(OAuthError) {
            try grant(exchange, call, query, &pages)
        } catch {
            let id = ids.text(exchange.slice(exchange.head.requestID))
            Self.write(error, id: id, to: exchange.reply)
            answered(exchange, call)
        }
    }

    /// The hit is everything before ``oauthMiss(_:_:_:_:)``.
    private func grant(
        _ exchange: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer, _ pages: inout RenderedOAuthTokens
    ) throws(OAuthError) {
        do throws(Problem) {
            _ = try RequestQuery(query, allowed: call.entry.query)
        } catch {
            throw OAuthError(error)
        }
        let head = exchange.head
        let request = try OAuthTokenRequest(
            contentType: head.contentType.isPresent ? head.contentType.text(of: exchange.bytes) : nil,
            authorization: head.authorization.isPresent ? exchange.slice(head.authorization) : nil, body: exchange.body)
        try authorize(request, call.entry, exchange)
        let now = services.time.now()
        let target = target(request.audience, now)
        if case .known(let profile, _) = target, let cached = services.tokens.cached(profile, now: now) {
            let page = pages.page(profile, cached.entry)
            try page.require(request.scope)
            let id = exchange.slice(exchange.head.requestID)
            page.write(
                isStale: cached.isStale, isRejected: cached.isRejected, refreshError: cached.refreshError, now: now,
                to: exchange.reply
            ) { self.ids.append(id, to: $0) }
            return answered(exchange, call)
        }
        oauthMiss(exchange, call, OAuthTokenLookup(target: target, scope: request.scope), now)
    }

    /// Who asks, and whether by the one grant there is.
    private func authorize(
        _ request: OAuthTokenRequest, _ entry: RouteTable.Entry, _ exchange: RequestContext
    ) throws(OAuthError) {
        let caller = try caller(request.client, exchange)
        switch request.grantType {
        case "client_credentials": break
        case nil: throw OAuthError(.invalidRequest, "grant_type is missing: it must be client_credentials")
        default: throw OAuthError(.unsupportedGrantType, "the only grant type here is client_credentials")
        }
        try allow(caller, entry)
    }

    func allow(_ caller: Caller, _ entry: RouteTable.Entry) throws(OAuthError) {
        guard case .client(let scope) = entry.access, caller.scopes.isSuperset(of: scope) else {
            services.metrics.authFailure(.scope)
            throw OAuthError(.unauthorizedClient, "this client's key does not open tokens")
        }
    }

    /// The caller whose id and key these are.
    func caller(_ client: OAuthClient, _ exchange: RequestContext) throws(OAuthError) -> Caller {
        switch client {
        case .absent:
            unknownCaller(exchange, .missing)
            throw OAuthError(.invalidClient, "authenticate with client_id and client_secret, in the body or by basic")
        case .unreadable:
            unknownCaller(exchange, .malformed)
            throw OAuthError(.invalidClient, "the authorization field is not readable basic credentials")
        case .presented(let readings):
            var found: Caller?
            for reading in readings {
                let caller = reading.secret.withBytes { keys.caller(named: reading.id, presenting: $0) }
                found = found ?? caller
            }
            guard let found else {
                unknownCaller(exchange, .unknown)
                throw OAuthError(.invalidClient, "no caller has this client_id and client_secret")
            }
            callerID = found.id
            return found
        }
    }

    /// No audience means the default profile, which needs no look-up.
    private func target(_ audience: String?, _ now: Now) -> OAuthTokenLookup.Target {
        guard let audience else { return .known(profiles.defaultProfile, of: nil) }
        return services.audiences.known(audience, now: now.monotonic).map { .known($0, of: audience) }
            ?? .audience(audience)
    }

    private func oauthMiss(_ exchange: RequestContext, _ call: Call, _ errand: OAuthTokenLookup, _ now: Now) {
        let id = ids.text(exchange.slice(exchange.head.requestID))
        guard let later = exchange.later() else { return }
        let (services, request) = (services, request(call))
        let answer = { @Sendable (outcome: OAuthTokenLookup.Outcome) in
            later.send { reply in
                outcome.write(now: services.time.now(), id: id, to: reply)
                services.recorder.record(request, reply)
            }
        }
        errand.run(services, now, completion: answer)
    }

    /// Renders an error for OAuth clients.
    static func write(_ error: OAuthError, id: String, to reply: ReplyWriter) {
        reply.begin(error.status)
        reply.append("Content-Type: application/json\r\nCache-Control: no-store\r\nPragma: no-cache\r\n")
        reply.field("X-Request-Id", id)
        // Of both ways to authenticate it is the one that has a scheme to name (RFC 9110 §15.5.2, RFC 6749 §5.2).
        if error.status == 401 { reply.append("WWW-Authenticate: Basic realm=\"latchkey\"\r\n") }
        if let allow = error.allow { reply.field("Allow", allow) }
        if let seconds = error.retryAfter { reply.field("Retry-After", String(seconds)) }
        reply.end(error.body())
    }
}

/// What is left to do for an OAuth client that memory had no answer for.
struct OAuthTokenLookup: Sendable {
    enum Target: Sendable {
        /// The profile of that audience; the default one where the client named none.
        case known(ProfileID, of: String?)
        /// The profile of this audience has to be found.
        case audience(String)
    }

    enum Outcome: Sendable {
        case served(ServedToken, RenderedOAuthToken)
        case refused(OAuthError)

        func write(now: Now, id: String, to reply: ReplyWriter) {
            switch self {
            case .served(let served, let page):
                page.write(
                    isStale: served.entry.isStale(now), isRejected: served.isRejected,
                    refreshError: served.refreshError, now: now, to: reply
                ) { $0.append(Array(id.utf8)) }
            case .refused(let error): Endpoints.write(error, id: id, to: reply)
            }
        }
    }

    let target: Target
    let scope: [String]

    /// - Parameter completion: called once, on any thread. A task is made only where an audience has to be looked up.
    func run(_ services: EndpointServices, _ now: Now, completion: @escaping @Sendable (Outcome) -> Void) {
        run(target, services, deadline: now.monotonic + services.patience, now.monotonic, completion)
    }

    private func run(
        _ target: Target, _ services: EndpointServices, deadline: MonotonicTime, _ now: MonotonicTime,
        _ completion: @escaping @Sendable (Outcome) -> Void
    ) {
        switch target {
        case .known(let profile, let audience): fetch(profile, of: audience, services, deadline, completion)
        case .audience(let audience):
            Task {
                do throws(UpstreamFault) {
                    let found = try await services.audiences.profile(
                        of: audience, deadline: deadline, now: now)
                    if let profile = found { return fetch(profile, of: audience, services, deadline, completion) }
                    completion(.refused(OAuthError(.invalidTarget, "no token profile has this audience")))
                } catch {
                    completion(.refused(OAuthError(Problem(error, what: "token"))))
                }
            }
        }
    }

    private func fetch(
        _ profile: ProfileID, of audience: String?, _ services: EndpointServices, _ deadline: MonotonicTime,
        _ completion: @escaping @Sendable (Outcome) -> Void
    ) {
        services.tokens.token(profile, TokenAsk(isByName: audience == nil), deadline: deadline) { result in
            switch result {
            case .success(let served): completion(outcome(served))
            case .failure(.profileChanged):
                // The audience may be another profile's now, or nobody's.
                let now = services.time.now().monotonic
                guard let audience, now < deadline else {
                    return completion(.refused(OAuthError(Problem(.profileChanged, what: "token"))))
                }
                run(.audience(audience), services, deadline: deadline, now, completion)
            case .failure(let fault): completion(.refused(OAuthError(Problem(fault, what: "token"))))
            }
        }
    }

    private func outcome(_ served: ServedToken) -> Outcome {
        let page = RenderedOAuthToken(served.entry, tier: served.tier)
        do throws(OAuthError) {
            try page.require(scope)
            return .served(served, page)
        } catch {
            return .refused(error)
        }
    }
}
