internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// Gets a token for an OAuth client after a cache miss.
struct OAuthTokenLookup: Sendable {
    enum Target: Sendable {
        /// The profile of that audience, or the default profile if `of` is nil.
        case known(ProfileID, of: String?)
        /// An audience whose profile is not known yet.
        case audience(String)
    }

    enum Outcome: Sendable {
        case served(ServedToken, RenderedToken, ProfileID)
        case refused(OAuthError)

        /// The profile of the token; nil without one.
        var profile: ProfileID? {
            if case .served(_, _, let profile) = self { profile } else { nil }
        }

        func write(now: Now, to reply: consuming APIReply) -> ReplyReceipt {
            switch self {
            case .served(let served, let rendered, _):
                rendered.write(served, isStale: served.entry.isStale(now), now: now, to: reply)
                    .from(served.tier.header)
            case .refused(let error): error.write(to: reply)
            }
        }
    }

    let target: Target
    /// The profiles that the caller may have.
    let among: ProfileGrant
    /// Called at most once, with the profile of an audience that had to be looked up; nil if no profile of ``among`` has
    /// it. Not called for an audience that was known at the start.
    let resolved: @Sendable (ProfileID?) -> Void
    let scope: [String]
    let requester: Requester?
    let tokens: TokenBroker
    let audiences: AudienceCache
    let time: Timing
    let deadline: MonotonicTime

    /// - Parameter completion: called once, on any thread. A task is created only for an audience that must be looked
    ///   up.
    func run(_ now: Now, completion: @escaping @Sendable (Outcome) -> Void) {
        run(target, now.monotonic, isFirst: true, completion)
    }

    private func run(
        _ target: Target, _ now: MonotonicTime, isFirst: Bool, _ completion: @escaping @Sendable (Outcome) -> Void
    ) {
        switch target {
        case .known(let profile, let audience): fetch(profile, of: audience, completion)
        case .audience(let audience):
            Task {
                do throws(UpstreamFault) {
                    let found = try await audiences.profile(
                        of: audience, among: among, deadline: deadline, now: now)
                    if isFirst { resolved(found) }
                    if let profile = found { return fetch(profile, of: audience, completion) }
                    completion(.refused(noProfile))
                } catch {
                    completion(.refused(OAuthError(Problem(error, what: "token"))))
                }
            }
        }
    }

    /// Without a restriction, an audience that is not found is a mistake. With one, it may be that of another profile.
    private var noProfile: OAuthError {
        var error = OAuthError(.invalidTarget, "no token profile of this client has this audience")
        if among != .all { error.denial = .profile }
        return error
    }

    private func fetch(
        _ profile: ProfileID, of audience: String?, _ completion: @escaping @Sendable (Outcome) -> Void
    ) {
        tokens.token(
            profile, TokenDemand(isByName: audience == nil, requester: requester), deadline: deadline
        ) { result in
            switch result {
            case .success(let served): completion(outcome(served, profile))
            case .failure(.profileChanged):
                // The audience may belong to another profile now, or to none.
                let now = time.now().monotonic
                guard let audience, now < deadline else {
                    return completion(.refused(OAuthError(Problem(.profileChanged, what: "token"))))
                }
                run(.audience(audience), now, isFirst: false, completion)
            case .failure(let fault): completion(.refused(OAuthError(Problem(fault, what: "token"))))
            }
        }
    }

    private func outcome(_ served: ServedToken, _ profile: ProfileID) -> Outcome {
        do throws(OAuthError) {
            let token = served.entry.token
            try GrantedScope(issuerScope: token.scope, token: token.value).require(scope)
            return .served(served, RenderedToken(served.entry, tier: served.tier, format: .oauth), profile)
        } catch {
            return .refused(error)
        }
    }
}
