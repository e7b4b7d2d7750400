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
            if services.recorder.keepsNames { request.bodyNames = [grant.audience ?? ProfileGrant.defaultName] }
            let target = try permittedTarget(grant.audience, &request, now)
            if services.recorder.keepsNames { request.bodyNames = [name(of: target)] }
            if case .known(let profile, _) = target, let cached = services.tokens.cached(profile, now: now) {
                try grantedScopes.scope(profile, cached.entry).require(grant.scope)
                return RenderedToken(cached.entry, tier: .memory, format: .oauth).write(
                    cached, isStale: cached.isStale, now: now, to: reply
                ).from(Tier.memory.header)
            }
            let lookup = OAuthTokenLookup(
                target: target, among: access(of: request).profiles, resolved: resolved(request), scope: grant.scope,
                requester: requester(request),
                tokens: services.tokens, audiences: services.audiences,
                time: services.time, deadline: now.monotonic + services.callerTimeout)
            let access = access(of: request)
            let (time, names) = (services.time, services.recorder.keepsNames ? services.tokens.names : nil)
            return deferAnswer(request, reply) { deferred in
                lookup.run(now) { outcome in
                    deferred.send { reply in
                        let receipt = outcome.write(now: time.now(), to: reply)
                        // The audience may have been unknown until now.
                        guard let names, let profile = outcome.profile else { return receipt }
                        let name = names.entries.first { $0.id == profile }?.name
                        return receipt.about(name.map { AnsweredNames(profile: $0, access) })
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
        if !isKnown { try requireScope(&request) }
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
    ///
    /// An audience is looked up among the profiles that the caller may have. So one that it may not have is answered like
    /// one that does not exist.
    private func permittedTarget(
        _ audience: String?, _ request: inout APIRequest, _ now: Now
    ) throws(OAuthError) -> OAuthTokenLookup.Target {
        guard let audience else {
            do throws(Problem) {
                try requireDefaultProfile(&request)
            } catch {
                throw OAuthError(.unauthorizedClient, "this client may not have the token of the default profile")
            }
            return .known(profiles.defaultProfile, of: nil)
        }
        let grant = access(of: request).profiles
        guard let profile = services.audiences.cachedProfile(of: audience, among: grant, now: now.monotonic) else {
            return .audience(audience)
        }
        count(.allowed, request)
        let access = access(of: request)
        if keepsNames || !access.isUnrestricted, let name = profiles.name(of: profile) {
            note(access.decision(.profile(name)), about: name, &request)
        }
        return .known(profile, of: audience)
    }

    /// Counts and reports the outcome of looking up an audience, once for a request.
    private func resolved(_ request: borrowing APIRequest) -> @Sendable (ProfileID?) -> Void {
        let (access, names) = (access(of: request), services.tokens.names)
        let (reporter, metrics) = (wouldDenyReporter(request), services.metrics)
        return { profile in
            // Without a restriction, an audience that is not found is a mistake and not denied.
            if profile != nil || access.profiles != .all {
                metrics.callerRequest(reporter.label, .token, profile == nil ? .denied : .allowed)
            }
            guard !access.isUnrestricted, let profile,
                let name = names.entries.first(where: { $0.id == profile })?.name,
                case .wouldDeny(let reason) = access.decision(.profile(name))
            else { return }
            reporter.report(name, reason)
        }
    }
}

extension AnsweredNames {
    /// The token of one profile.
    fileprivate convenience init(profile: String, _ access: CallerAccess) {
        var item = Item(name: profile)
        if case .wouldDeny(let reason) = access.decision(.profile(profile)) { item.wouldDeny = reason }
        self.init([item])
    }
}
