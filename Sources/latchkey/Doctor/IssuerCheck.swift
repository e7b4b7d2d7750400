internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream

/// Requests one token from each profile's issuer and discards it.
struct IssuerCheck {
    let settings: Settings
    let issuers: [IssuerTier]
    /// May hold the issuer's credentials and domain.
    let secrets: SecretBroker
    let timeout: Duration

    func run() async -> [Finding] {
        var findings: [Finding] = []
        for (profile, issuer) in zip(settings.profiles, issuers) {
            do throws(UpstreamFault) {
                let grant = try await issuer.issue(profile.name, .expiry, .current + timeout)
                let life =
                    grant.expiresIn.map { "a token that lasts \($0.components.seconds) s" }
                    ?? "a token without a lifetime"
                findings.append(.fine(.issuer, profile.name, "returned \(life)"))
                if let limit = settings.sharedTokenLimit, grant.value.count > limit.bytes {
                    findings.append(
                        .warning(
                            .tokens, profile.name, limit.explanation(of: grant.value.count), remedy: limit.remedy))
                }
            } catch {
                findings.append(Self.finding(error, profile.name, await origin(profile)))
            }
        }
        return findings
    }

    /// The profile's issuer by the settings, else by the domain in the blob, which was read for the request. Nil if
    /// neither names it.
    private func origin(_ profile: ProfileDefinition) async -> Origin? {
        if let endpoint = profile.endpoint ?? settings.tokenEndpoint { return endpoint.origin }
        var domain = settings.sources.given[.auth0Domain]?.text
        if domain == nil, let key = SecretKey(SettingName.auth0Domain.rawValue) {
            let entry = try? await secrets.secret(SecretQuery(key), deadline: .current + timeout).entry
            domain = entry?.value.revealText()
        }
        return domain.flatMap { try? TokenEndpoint.auth0(domain: $0) }?.origin
    }

    static func finding(_ fault: UpstreamFault, _ profile: String, _ origin: Origin?) -> Finding {
        let host = origin?.authority ?? "the issuer of the profile \(profile)"
        let code = fault.code.map { " [\($0)]" } ?? ""
        // The credentials may come from a store; then the fault is the store's.
        if let upstream = fault.upstream, [.parameterStore, .secretsManager].contains(upstream) {
            return .skipped(.issuer, profile, "its credentials cannot be read from \(upstream.name)\(code)")
        }
        if let proxy = fault.proxy {
            return EndpointCheck.finding(
                proxy: proxy, code: fault.summary, area: .issuer, subject: profile, host: host)
        }
        if let code = fault.code, let origin,
            let finding = EndpointCheck.finding(
                code: code, area: .issuer, subject: profile, origin: origin)
        {
            return finding
        }
        switch fault.reason {
        case .denied, .notFound: return denied(fault, profile: profile, host: host, code: code)
        case .notReady:
            return .problem(
                exit: .configuration, .issuer, profile, fault.subject ?? "a credential or setting for it is missing",
                remedy: "supply it in the environment, the profiles file or the blob")
        case .budgetSpent, .throttled:
            return .problem(
                exit: .unavailable, .issuer, profile, "\(host) is throttling requests\(code)",
                remedy: "find out what requests so many tokens, or raise the tenant's quota")
        case .refused, .invalid:
            return .problem(
                exit: .unavailable, .issuer, profile, "\(host) sent a response without a token\(code)",
                remedy: "check that LATCHKEY_AUTH0_TOKEN_URL or the profile's token_url is a token endpoint")
        case .unavailable, .timedOut, .overloaded:
            return .problem(
                exit: .unavailable, .issuer, profile, "\(host) fails, or does not answer in time\(code)",
                remedy: "check the issuer's status page; meanwhile callers get tokens from memory")
        }
    }

    private static func denied(_ fault: UpstreamFault, profile: String, host: String, code: String) -> Finding {
        let remedy: String =
            switch fault.code ?? "" {
            case "invalid_client", "unauthorized_client", "access_denied", "http_401", "http_403":
                "compare client id and secret with the issuer's, and give the application a grant for the audience "
                    + "(Auth0: Applications, APIs, Machine to Machine, Authorize)"
            case "invalid_scope": "request only scopes that the application was granted"
            default: "check audience, organization and grant types in the issuer's settings of this application"
            }
        return .problem(
            exit: .denied, .issuer, profile, "\(host) refuses the client or its grant\(code)", remedy: remedy)
    }
}
