internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `GET /token` and `GET /token/{profile}`. A hit is answered synchronously before
    /// ``miss(_:_:profile:_:isText:now:)``.
    func token(
        _ context: RequestContext, _ call: Call, profile: ProfileID, query: UnsafeRawBufferPointer,
        rendered: inout RenderedTokens
    ) throws(Problem) {
        var ask = TokenDemand()
        if !query.isEmpty {
            let query = try RequestQuery(query, allowed: call.entry.query)
            ask = TokenDemand(minTTL: try query.seconds("min_ttl"), refresh: try query.flag("refresh"))
        }
        let isText = Negotiation.prefersText(context.slice(context.head.accept))
        let now = services.time.now()
        if !ask.refresh, let cached = services.tokens.cached(profile, now: now, minTTL: ask.minTTL) {
            let token = rendered.token(profile, cached.entry)
            let id = context.slice(context.head.requestID)
            token.write(
                isText: isText, isStale: cached.isStale, isRejected: cached.isRejected,
                refreshError: cached.refreshError, now: now, to: context.reply
            ) {
                self.ids.append(id, to: $0)
            }
            return recordAnswer(context, call)
        }
        miss(context, call, profile: profile, ask, isText: isText, now: now)
    }

    private func miss(
        _ context: RequestContext, _ call: Call, profile: ProfileID, _ ask: TokenDemand, isText: Bool, now: Now
    ) {
        let id = ids.text(context.slice(context.head.requestID))
        guard let deferred = context.deferReply() else { return }
        let (recorder, request, time) = (services.recorder, request(call), services.time)
        services.tokens.token(profile, ask, deadline: now.monotonic + services.callerTimeout) { result in
            deferred.send { reply in
                switch result {
                case .success(let served):
                    let now = time.now()
                    RenderedToken(served.entry, tier: served.tier).write(
                        isText: isText, isStale: served.entry.isStale(now), isRejected: served.isRejected,
                        refreshError: served.refreshError, now: now, to: reply
                    ) { $0.append(Array(id.utf8)) }
                // For a token this fault means that the profile was removed meanwhile.
                case .failure(let fault) where fault.reason == .notFound:
                    Self.noSuchProfile.write(requestID: id, to: reply)
                case .failure(let fault): Problem(fault, what: "token").write(requestID: id, to: reply)
                }
                recorder.record(request, reply)
            }
        }
    }
}
