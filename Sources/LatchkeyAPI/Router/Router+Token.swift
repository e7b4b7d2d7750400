internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `GET /token` and `GET /token/{profile}`. A hit is answered synchronously.
    func token(
        _ request: borrowing APIRequest, _ profile: ProfileID, _ demand: TokenDemand, _ reply: consuming APIReply
    ) -> ReplyReceipt {
        let context = request.context
        let format: TokenForm.Format = Negotiation.prefersText(context.slice(context.head.accept)) ? .text : .json
        let now = services.time.now()
        if !demand.refresh, let cached = services.tokens.cached(profile, now: now, minTTL: demand.minTTL) {
            return RenderedToken(cached.entry, tier: .memory, format: format).write(
                cached, isStale: cached.isStale, now: now, to: reply
            ).from(Tier.memory.header)
        }
        let (time, tokens, deadline) = (services.time, services.tokens, now.monotonic + services.callerTimeout)
        var asked = demand
        asked.requester = requester(request)
        return deferAnswer(request, reply) { [asked] deferred in
            tokens.token(profile, asked, deadline: deadline) { result in
                deferred.send { Self.write(result, format, now: time.now(), to: $0) }
            }
        }
    }

    private static func write(
        _ result: Result<ServedToken, UpstreamFault>, _ format: TokenForm.Format, now: Now, to reply: consuming APIReply
    ) -> ReplyReceipt {
        switch result {
        case .success(let served):
            // The token may have become stale while its response waited for the ones before it.
            RenderedToken(served.entry, tier: served.tier, format: format).write(
                served, isStale: served.entry.isStale(now), now: now, to: reply
            ).from(served.tier.header)
        // For a token this fault means that the profile was removed meanwhile.
        case .failure(let fault) where fault.reason == .notFound: noSuchProfile.write(to: reply)
        case .failure(let fault): Problem(fault, what: "token").write(to: reply)
        }
    }

    func tokenDemand(_ request: borrowing APIRequest) throws(Problem) -> TokenDemand {
        if request.queryBytes.isEmpty { return TokenDemand() }
        let query = try request.query()
        return TokenDemand(minTTL: try query.seconds("min_ttl"), refresh: try query.flag("refresh"))
    }

    func profile(_ request: inout APIRequest) throws(Problem) -> ProfileID {
        guard let name = PercentEncoding.decode(request.pathParameter) else { throw Self.noSuchProfile }
        try require(.profile(name), &request)
        return try profile(named: name)
    }

    func profile(named name: String) throws(Problem) -> ProfileID {
        guard let profile = profiles.id(of: name) else { throw Self.noSuchProfile }
        return profile
    }
}
