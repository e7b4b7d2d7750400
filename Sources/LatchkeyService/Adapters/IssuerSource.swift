internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
package import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

/// Requests one profile's token from its issuer, with the current credentials.
struct IssuerSource: Sendable {
    let profile: ProfileDefinition
    let settings: Settings
    let files: FollowedFiles
    let secrets: SecretBroker
    let issuer: TokenIssuer
    let budget: ProfileBudget

    /// The tier that the token broker asks last.
    var tier: IssuerTier {
        IssuerTier(tier: profile.tier) { _, purpose, deadline async throws(UpstreamFault) in
            let request = try await self.request(refresh: false, deadline)
            // The profile has been redefined or the deadline has passed, so nobody waits for the token.
            if Task.isCancelled { throw UpstreamFault(.timedOut, upstream: profile.upstream) }
            do throws(IssuerError) {
                return try await self.grant(request, purpose, deadline)
            } catch {
                guard error.isClientRefused, let renewed = await self.renewed(request, deadline), !Task.isCancelled
                else {
                    throw UpstreamFault(error, from: profile.upstream)
                }
                do throws(IssuerError) {
                    return try await self.grant(renewed, purpose, deadline)
                } catch {
                    throw UpstreamFault(error, from: profile.upstream)
                }
            }
        }
    }

    private func grant(
        _ request: TokenRequest, _ purpose: IssuePurpose, _ deadline: MonotonicTime
    ) async throws(IssuerError) -> TokenResponse {
        let attempts = purpose == .rejection ? 1 : IssuerRetry.maxAttempts
        return try await issuer.issue(request, deadline: deadline, attempts: attempts) {
            budget.spend($0, for: purpose)
        }
    }

    /// The request with credentials read past the cache; nil if they are unchanged or cannot be read.
    ///
    /// The issuer has refused `refused`. If the secret was rotated meanwhile, the new request succeeds.
    private func renewed(_ refused: TokenRequest, _ deadline: MonotonicTime) async -> TokenRequest? {
        await files.refresh()
        guard let request = try? await request(refresh: true, deadline) else { return nil }
        let isSame =
            request.credentials.clientID == refused.credentials.clientID
            && request.credentials.clientSecret == refused.credentials.clientSecret
        return isSame ? nil : request
    }

    private func request(refresh: Bool, _ deadline: MonotonicTime) async throws(UpstreamFault) -> TokenRequest {
        let values = SettingValues(
            settings: settings, files: files, secrets: secrets, upstream: profile.upstream, refresh: refresh)
        let id = try await values.text(of: profile.clientID, member: "client_id", or: .auth0ClientID, deadline)
        let secret = try await values.value(
            of: profile.clientSecret, member: "client_secret", or: .auth0ClientSecret, deadline)
        var audience: String?
        switch profile.audience {
        case .none: break
        case .given(let text): audience = text
        case .setting: audience = try await values.text(.auth0Audience, deadline)
        }
        return TokenRequest(
            kind: profile.kind, endpoint: try await endpoint(values, deadline),
            credentials: ClientCredentials(clientID: id, clientSecret: secret), audience: audience,
            scope: profile.scope, organization: profile.organization,
            clientAuthentication: profile.clientAuthentication, extra: profile.extra,
            responsePolicy: profile.allowance)
    }

    private func endpoint(
        _ values: SettingValues, _ deadline: MonotonicTime
    ) async throws(UpstreamFault) -> TokenEndpoint {
        if let endpoint = profile.endpoint ?? settings.tokenEndpoint { return endpoint }
        let domain = try await values.text(.auth0Domain, deadline)
        do throws(TokenEndpoint.Rejection) {
            return try TokenEndpoint.auth0(domain: domain)
        } catch {
            throw values.missing(SettingName.auth0Domain.rawValue, "is not a host name")
        }
    }
}

extension ProfileDefinition {
    /// The tier of the profile's issuer.
    package var tier: Tier {
        switch kind {
        case .auth0: .auth0
        case .oauth2: .oauth2
        }
    }

    /// The profile's issuer, for faults.
    package var upstream: Upstream {
        switch kind {
        case .auth0: .auth0
        case .oauth2: .oauth2
        }
    }
}
