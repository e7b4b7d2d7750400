internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// A role that IAM Identity Center hands out for the access token in the AWS CLI's cache.
struct SSOCredentialProvider: Sendable {
    private let context: CredentialContext

    init(_ context: CredentialContext) { self.context = context }

    func credentials(_ profile: SSOProfile) async throws(AWSError) -> AWSCredentials {
        let token = try await accessToken(for: profile)
        guard let endpoint = context.configuration.endpoint(of: .singleSignOn, in: profile.region) else {
            throw .noCredentials("sso_region is not a region")
        }
        let query = PercentEncoding.form([("role_name", profile.roleName), ("account_id", profile.accountID)])
        let response = try await context.send(.singleSignOn, to: endpoint.origin) {
            var request = HTTPRequest(method: "GET", target: endpoint.target("/federation/credentials?\(query)"))
            request.fields["x-amz-sso_bearer_token"] = token.revealText()
            return request
        }
        if response.status == 401 {
            throw .noCredentials(
                profile.loginHint("the SSO access token is not accepted"), code: AWSError(response).code)
        }
        return try context.credentials(
            in: response, of: "SSO", refusal: "the role \(profile.roleName)", decode: Self.roleCredentials)
    }

    /// `roleCredentials` of a GetRoleCredentials response, with the expiration in milliseconds since 1970; nil if a
    /// member is missing or not valid.
    private static func roleCredentials(_ body: [UInt8]) -> AWSCredentials? {
        guard let json = (try? JSON(parsing: body))?["roleCredentials"],
            var credentials = AWSCredentials(
                id: json["accessKeyId"]?.string, secret: json["secretAccessKey"]?.string,
                token: json["sessionToken"]?.string),
            let expiration = json["expiration"]?.integer, credentials.sessionToken != nil, credentials.isVisibleASCII
        else { return nil }
        credentials.expiration = WallTime(milliseconds: expiration)
        return credentials
    }

    // MARK: The access token

    private var awsTime: WallTime { context.clockSkew.awsTime(at: context.time.now().wall) }

    private func accessToken(for profile: SSOProfile) async throws(AWSError) -> Secret {
        let path = "\(context.environment["HOME"] ?? "")/\(profile.cacheFile)"
        guard let text = context.readFile(path), let token = SSOToken(Array(text.utf8)) else {
            guard !context.isOutsideConfinement(path) else {
                throw .noCredentials(
                    "the cache of SSO tokens was not used at start (LATCHKEY_CONFINE): restart the broker to use it")
            }
            throw .noCredentials(profile.loginHint("there is no SSO access token"))
        }
        switch token.step(awsTime, isRefreshable: profile.session != nil) {
        case .use: return token.accessToken
        case .login: throw .noCredentials(profile.loginHint("the SSO access token has expired"))
        case .refreshOrUse:
            return (try? await refresh(token, of: profile, path))?.accessToken ?? token.accessToken
        case .refresh: return try await refresh(token, of: profile, path).accessToken
        }
    }

    /// Requests a new access token and writes it to the AWS CLI's cache.
    private func refresh(
        _ token: SSOToken, of profile: SSOProfile, _ path: String
    ) async throws(AWSError) -> SSOToken {
        guard let refresh = token.refresh,
            let endpoint = context.configuration.endpoint(of: .singleSignOnTokens, in: profile.region)
        else { throw .noCredentials(profile.loginHint("the SSO access token cannot be renewed")) }
        let response = try await context.send(.singleSignOn, to: endpoint.origin) {
            HTTPRequest(
                method: "POST", target: endpoint.target("/token"), fields: ["Content-Type": "application/json"],
                body: refresh.body)
        }
        guard response.status == 200, let refreshed = token.refreshed(by: response.body, at: awsTime) else {
            throw .noCredentials(
                profile.loginHint("the SSO access token cannot be renewed"), code: AWSError(response).code)
        }
        // If writing fails, the new token is used all the same. The refresh token in the file is then used up, so that
        // the next refresh may fail.
        _ = context.writeFile(refreshed.file, path)
        return refreshed
    }
}
