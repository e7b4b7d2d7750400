internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `POST /oauth/token`: the token endpoint of RFC 6749 §3.2 over the same cache. Errors have OAuth's format.
    func oauthToken(_ request: inout APIRequest, _ reply: consuming APIReply) -> ReplyReceipt {
        do throws(OAuthError) {
            let grant = try grant(&request)
            let now = services.time.now()
            let target = target(grant.audience, now)
            if services.recorder.keepsNames { request.bodyNames = [name(of: target)] }
            if case .known(let profile, _) = target, let cached = services.tokens.cached(profile, now: now) {
                try grantedScopes.scope(profile, cached.entry).require(grant.scope)
                return RenderedToken(cached.entry, tier: .memory, format: .oauth).write(
                    cached, isStale: cached.isStale, now: now, to: reply
                ).from(Tier.memory.header)
            }
            let lookup = OAuthTokenLookup(
                target: target, scope: grant.scope, tokens: services.tokens, audiences: services.audiences,
                time: services.time, deadline: now.monotonic + services.callerTimeout)
            let (time, names) = (services.time, services.recorder.keepsNames ? services.tokens.names : nil)
            return deferAnswer(request, reply) { deferred in
                lookup.run(now) { outcome in
                    deferred.send { reply in
                        let receipt = outcome.write(now: time.now(), to: reply)
                        // The audience may have been unknown until now.
                        guard let names, let profile = outcome.profile else { return receipt }
                        let name = names.entries.first { $0.id == profile }?.name
                        return receipt.about(name.map { AnsweredNames([AnsweredNames.Item(name: $0)]) })
                    }
                }
            }
        } catch {
            return error.write(to: reply)
        }
    }

    /// Decodes the request, and authenticates the client unless the head or the start of the body has done it.
    private func grant(_ request: inout APIRequest) throws(OAuthError) -> OAuthTokenRequest {
        let context = request.context
        let authorization = context.head.authorization
        let grant = try OAuthTokenRequest(
            contentType: contentType(context),
            authorization: authorization.isPresent ? context.slice(authorization) : nil, body: context.body)
        let isKnown = request.credentials.caller != nil
        if !isKnown { try authenticate(grant.client, &request) }
        switch grant.grantType {
        case "client_credentials": break
        case nil: throw OAuthError(.invalidRequest, "grant_type is missing: it must be client_credentials")
        default: throw OAuthError(.unsupportedGrantType, "the only grant type here is client_credentials")
        }
        if !isKnown { try requireScope(request) }
        return grant
    }

    /// The name of the profile, or of an audience whose profile is not known yet.
    private func name(of target: OAuthTokenLookup.Target) -> String {
        switch target {
        case .known(let profile, let audience): profiles.name(of: profile) ?? audience ?? ""
        case .audience(let audience): audience
        }
    }

    /// No audience means the default profile, which needs no lookup.
    private func target(_ audience: String?, _ now: Now) -> OAuthTokenLookup.Target {
        guard let audience else { return .known(profiles.defaultProfile, of: nil) }
        return services.audiences.cachedProfile(of: audience, now: now.monotonic).map { .known($0, of: audience) }
            ?? .audience(audience)
    }
}
