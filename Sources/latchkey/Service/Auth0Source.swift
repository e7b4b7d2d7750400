internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeyUpstream
internal import Synchronization

/// `LATCHKEY_ISSUE_BUDGET_PER_HOUR`: a hard stop before the issuer's own quota is used up by a defect somewhere.
final class IssueBudget: Sendable {
    private let pacer: Mutex<Pacer>

    /// - Parameter perHour: tokens in an hour; so many may also come at once.
    init(_ perHour: Int) { pacer = Mutex(Pacer(perHour, each: .seconds(3600))) }

    /// Takes one token's place; the time to wait for the next where there is none.
    func spend(_ now: MonotonicTime) -> Duration? {
        pacer.withLock { pacer in
            pacer.reserve(now, notLaterThan: now) == nil ? pacer.earliest(now) - now : nil
        }
    }
}

/// Asks Auth0 for the default profile's token, with what settings give and the blob fills in.
struct Auth0Source: Sendable {
    let settings: Settings
    let secrets: SecretBroker
    let issuer: TokenIssuer
    let budget: IssueBudget
    let time: TimeSource

    /// The tier the token broker asks last.
    var tier: IssuerTier {
        IssuerTier(tier: .auth0) { _, deadline async throws(UpstreamFault) in
            let request = try await self.request(deadline: deadline)
            if let wait = budget.spend(time.now().monotonic) {
                throw UpstreamFault(
                    .throttled, upstream: .auth0, code: "issue_budget", retryAfter: wait,
                    subject: SettingName.issueBudget.rawValue)
            }
            do throws(IssuerError) {
                let token = try await issuer.issue(request, deadline: deadline)
                return IssuedGrant(
                    value: token.value, tokenType: token.tokenType, expiresIn: token.expiresIn, scope: token.scope)
            } catch {
                throw UpstreamFault(error, from: .auth0)
            }
        }
    }

    private func request(deadline: MonotonicTime) async throws(UpstreamFault) -> TokenRequest {
        let id = try await value(.auth0ClientID, deadline)
        let secret = try await secretValue(.auth0ClientSecret, deadline)
        let audience = try await value(.auth0Audience, deadline)
        return TokenRequest(
            kind: .auth0, endpoint: try await endpoint(deadline),
            credentials: ClientCredentials(clientID: id, clientSecret: secret), audience: audience)
    }

    private func endpoint(_ deadline: MonotonicTime) async throws(UpstreamFault) -> TokenEndpoint {
        if let endpoint = settings.tokenEndpoint { return endpoint }
        let domain = try await value(.auth0Domain, deadline)
        do throws(TokenEndpoint.Refusal) {
            return try TokenEndpoint.auth0(domain: domain)
        } catch {
            throw Self.missing(.auth0Domain, "is no host name")
        }
    }

    private func value(_ name: SettingName, _ deadline: MonotonicTime) async throws(UpstreamFault) -> String {
        guard let text = try await secretValue(name, deadline).revealText() else {
            throw Self.missing(name, "is not text")
        }
        return text
    }

    /// The setting as it stands now, else the field of that name in the blob, by way of the secret cache.
    private func secretValue(_ name: SettingName, _ deadline: MonotonicTime) async throws(UpstreamFault) -> Secret {
        if let given = settings.sources.current(name, readFile: Files.text) { return Secret(given) }
        guard let key = SecretKey(name.rawValue) else { throw Self.missing(name, "is not set") }
        do throws(UpstreamFault) {
            return try await secrets.secret(SecretQuery(key), deadline: deadline).entry.value
        } catch {
            throw error.reason == .notFound ? Self.missing(name, "is neither set nor in the blob") : error
        }
    }

    private static func missing(_ name: SettingName, _ why: String) -> UpstreamFault {
        UpstreamFault(.notReady, upstream: .auth0, code: name.rawValue, subject: "\(name.rawValue) \(why)")
    }
}
