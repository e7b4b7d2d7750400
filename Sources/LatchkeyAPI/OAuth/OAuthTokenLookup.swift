internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

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
            case .refused(let error): error.write(requestID: id, to: reply)
            }
        }
    }

    let target: Target
    let scope: [String]
    let tokens: TokenBroker
    let audiences: AudienceCache
    let time: TimeSource
    let deadline: MonotonicTime

    /// - Parameter completion: called once, on any thread. A task is made only where an audience has to be looked up.
    func run(_ now: Now, completion: @escaping @Sendable (Outcome) -> Void) {
        run(target, now.monotonic, completion)
    }

    private func run(
        _ target: Target, _ now: MonotonicTime, _ completion: @escaping @Sendable (Outcome) -> Void
    ) {
        switch target {
        case .known(let profile, let audience): fetch(profile, of: audience, completion)
        case .audience(let audience):
            Task {
                do throws(UpstreamFault) {
                    let found = try await audiences.profile(
                        of: audience, deadline: deadline, now: now)
                    if let profile = found { return fetch(profile, of: audience, completion) }
                    completion(.refused(OAuthError(.invalidTarget, "no token profile has this audience")))
                } catch {
                    completion(.refused(OAuthError(Problem(error, what: "token"))))
                }
            }
        }
    }

    private func fetch(
        _ profile: ProfileID, of audience: String?, _ completion: @escaping @Sendable (Outcome) -> Void
    ) {
        tokens.token(profile, TokenAsk(isByName: audience == nil), deadline: deadline) { result in
            switch result {
            case .success(let served): completion(outcome(served))
            case .failure(.profileChanged):
                // The audience may be another profile's now, or nobody's.
                let now = time.now().monotonic
                guard let audience, now < deadline else {
                    return completion(.refused(OAuthError(Problem(.profileChanged, what: "token"))))
                }
                run(.audience(audience), now, completion)
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
