internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `POST /oauth/token`: the token endpoint of RFC 6749 §3.2 over the same cache. Errors have OAuth's format.
    func oauthToken(
        _ context: RequestContext, _ call: Call, query: UnsafeRawBufferPointer,
        rendered: inout RenderedOAuthTokens
    ) {
        do throws(OAuthError) {
            try grant(context, call, query: query, rendered: &rendered)
        } catch {
            let id = ids.text(context.slice(context.head.requestID))
            error.write(requestID: id, to: context.reply)
            recordAnswer(context, call)
        }
    }

    /// A hit is answered synchronously before ``oauthMiss(_:_:_:now:)``.
    private func grant(
        _ context: RequestContext, _ call: Call, query: UnsafeRawBufferPointer,
        rendered: inout RenderedOAuthTokens
    ) throws(OAuthError) {
        do throws(Problem) {
            _ = try RequestQuery(query, allowed: call.entry.query)
        } catch {
            throw OAuthError(error)
        }
        let head = context.head
        let request = try OAuthTokenRequest(
            contentType: head.contentType.isPresent ? head.contentType.text(of: context.bytes) : nil,
            authorization: head.authorization.isPresent ? context.slice(head.authorization) : nil, body: context.body)
        try authorize(request, call.entry, context)
        let now = services.time.now()
        let target = target(request.audience, now)
        if case .known(let profile, _) = target, let cached = services.tokens.cached(profile, now: now) {
            let token = rendered.token(profile, cached.entry)
            try token.require(request.scope)
            let id = context.slice(context.head.requestID)
            token.write(
                isStale: cached.isStale, isRejected: cached.isRejected, refreshError: cached.refreshError, now: now,
                to: context.reply
            ) { self.ids.append(id, to: $0) }
            return recordAnswer(context, call)
        }
        let lookup = OAuthTokenLookup(
            target: target, scope: request.scope, tokens: services.tokens, audiences: services.audiences,
            time: services.time, deadline: now.monotonic + services.callerTimeout)
        oauthMiss(context, call, lookup, now: now)
    }

    /// Authenticates the client and checks the grant type.
    private func authorize(
        _ request: OAuthTokenRequest, _ entry: RouteTable.Entry, _ context: RequestContext
    ) throws(OAuthError) {
        let caller = try caller(request.client, context)
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

    /// The caller that the credentials belong to.
    func caller(_ client: OAuthClient, _ context: RequestContext) throws(OAuthError) -> Caller {
        switch client {
        case .absent:
            noteUnknownCaller(context, .missing)
            throw OAuthError(.invalidClient, "authenticate with client_id and client_secret, in the body or by basic")
        case .unreadable:
            noteUnknownCaller(context, .malformed)
            throw OAuthError(.invalidClient, "the authorization field is not readable basic credentials")
        case .presented(let readings):
            var found: Caller?
            for reading in readings {
                let caller = reading.secret.withBytes { keys.caller(named: reading.id, presenting: $0) }
                found = found ?? caller
            }
            guard let found else {
                noteUnknownCaller(context, .unknown)
                throw OAuthError(.invalidClient, "no caller has this client_id and client_secret")
            }
            callerID = found.id
            return found
        }
    }

    /// No audience means the default profile, which needs no lookup.
    private func target(_ audience: String?, _ now: Now) -> OAuthTokenLookup.Target {
        guard let audience else { return .known(profiles.defaultProfile, of: nil) }
        return services.audiences.cachedProfile(of: audience, now: now.monotonic).map { .known($0, of: audience) }
            ?? .audience(audience)
    }

    private func oauthMiss(_ context: RequestContext, _ call: Call, _ lookup: OAuthTokenLookup, now: Now) {
        let id = ids.text(context.slice(context.head.requestID))
        guard let deferred = context.deferReply() else { return }
        let (services, request) = (services, request(call))
        let answer = { @Sendable (outcome: OAuthTokenLookup.Outcome) in
            deferred.send { reply in
                outcome.write(now: services.time.now(), id: id, to: reply)
                services.recorder.record(request, reply)
            }
        }
        lookup.run(now, completion: answer)
    }
}
