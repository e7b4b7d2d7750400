internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

/// Asks each profile's issuer for a token, once, and keeps none.
struct IssuerCheck {
    let settings: Settings
    let issuers: [IssuerTier]
    let patience: Duration

    func run() async -> [Finding] {
        var findings: [Finding] = []
        for (profile, issuer) in zip(settings.profiles, issuers) {
            do throws(UpstreamFault) {
                let grant = try await issuer.issue(profile.name, .expiry, .current + patience)
                let life =
                    grant.expiresIn.map { "lasts \($0.components.seconds) s" } ?? "does not say how long it lasts"
                findings.append(.fine(.issuer, profile.name, "gives out a token that \(life)"))
            } catch {
                findings.append(Self.finding(error, profile.name, host(profile)))
            }
        }
        return findings
    }

    /// The issuer's host, as far as settings tell it.
    private func host(_ profile: ProfileDefinition) -> String {
        if let endpoint = profile.endpoint ?? settings.tokenEndpoint { return endpoint.origin.authority }
        return settings.sources.given[.auth0Domain]?.text ?? "the domain in the blob"
    }

    static func finding(_ fault: UpstreamFault, _ profile: String, _ host: String) -> Finding {
        let code = fault.code.map { " [\($0)]" } ?? ""
        // A profile's credentials may be in a store, which is then what failed.
        if let upstream = fault.upstream, [.parameterStore, .secretsManager].contains(upstream) {
            return .skipped(.issuer, profile, "its credentials cannot be read from \(upstream.name)\(code)")
        }
        if let proxy = fault.proxy {
            return EndpointCheck.finding(proxy: proxy, code: fault.summary, .issuer, profile, host)
        }
        if let code = fault.code, let finding = EndpointCheck.finding(code: code, .issuer, profile, host) {
            return finding
        }
        switch fault.reason {
        case .denied, .notFound: return denied(fault, profile, host, code)
        case .notReady:
            return .problem(
                .configuration, .issuer, profile, fault.subject ?? "something is missing that it is asked with",
                remedy: "supply it in the environment, the profiles file or the blob")
        case .budgetSpent, .throttled:
            return .problem(
                .unavailable, .issuer, profile, "\(host) asks for fewer requests\(code)",
                remedy: "find what asks for so many tokens, or raise the tenant's quota")
        case .refused, .invalid:
            return .problem(
                .unavailable, .issuer, profile, "\(host) gives an answer that is no token\(code)",
                remedy: "check LATCHKEY_AUTH0_TOKEN_URL or the profile's token_url: is that a token endpoint?")
        case .unavailable, .timedOut, .overloaded:
            return .problem(
                .unavailable, .issuer, profile, "\(host) fails, or does not answer in time\(code)",
                remedy: "look at the issuer's status page; callers are served from memory meanwhile")
        }
    }

    private static func denied(_ fault: UpstreamFault, _ profile: String, _ host: String, _ code: String) -> Finding {
        let remedy: String =
            switch fault.code ?? "" {
            case "invalid_client", "unauthorized_client", "access_denied", "http_401", "http_403":
                "compare client id and secret with the issuer's, and give the application a grant for the audience "
                    + "(Auth0: Applications, APIs, Machine to Machine, Authorize)"
            case "invalid_scope": "ask for scopes that the application was granted"
            default: "check audience, organization and grant types in the issuer's settings of this application"
            }
        return .problem(.denied, .issuer, profile, "\(host) refuses the client or its grant\(code)", remedy: remedy)
    }
}
