internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

extension CredentialContext {
    /// The chosen profile's role of IAM Identity Center.
    func singleSignOnProvider(_ planner: Planner) -> CredentialProvider {
        CredentialProvider(.singleSignOn) { () throws(AWSError) in
            let planner = try Self.planner(planner)
            guard let plan = try Self.plan({ () throws(SharedConfigError) in try planner.singleSignOn() }) else {
                return .absent("profile \(planner.files.profile) has no sso_account_id")
            }
            return .found(try await carryOut(plan))
        }
    }

    /// A role's credentials for the access token in the command line's cache.
    func credentials(of signOn: SingleSignOn) async throws(AWSError) -> AWSCredentials {
        let token = try await accessToken(of: signOn)
        guard let endpoint = configuration.endpoint(of: .singleSignOn, in: signOn.region) else {
            throw .credentials("sso_region is no region")
        }
        let query = PercentEncoding.form([("role_name", signOn.roleName), ("account_id", signOn.accountID)])
        let base = endpoint.path == "/" ? "" : endpoint.path
        let response = try await send(.singleSignOn, to: endpoint.origin) {
            var request = HTTPRequest(method: "GET", target: "\(base)/federation/credentials?\(query)")
            request.fields["x-amz-sso_bearer_token"] = token.revealText()
            return request
        }
        if response.status == 401 {
            throw .credentials(loginHint(signOn, "the SSO access token is not accepted"), code: AWSError(response).code)
        }
        guard response.status == 200 else {
            var error = AWSError(response)
            error.hint = "SSO refuses the role \(signOn.roleName): \(error.code ?? "status \(response.status)")"
            throw error
        }
        guard var credentials = Self.roleCredentials(response.body), let end = credentials.expiration else {
            throw AWSError(.invalidAnswer, hint: "SSO answers without credentials")
        }
        credentials.expiration = ownTime(of: end, in: response)
        return credentials
    }

    /// `roleCredentials` of GetRoleCredentials, whose end is in milliseconds since 1970; nil where they are not all there.
    static func roleCredentials(_ body: [UInt8]) -> AWSCredentials? {
        guard let json = (try? JSON(parsing: body))?["roleCredentials"],
            var credentials = AWSCredentials(
                id: json["accessKeyId"]?.string, secret: json["secretAccessKey"]?.string,
                token: json["sessionToken"]?.string),
            let end = json["expiration"]?.integer, credentials.sessionToken != nil, credentials.isPrintable
        else { return nil }
        credentials.expiration = WallTime(milliseconds: end)
        return credentials
    }

    // MARK: The access token

    private func accessToken(of signOn: SingleSignOn) async throws(AWSError) -> Secret {
        let path = "\(environment["HOME"] ?? "")/\(signOn.cacheFile)"
        guard let text = readFile(path), let token = SingleSignOnToken(Array(text.utf8)) else {
            throw .credentials(loginHint(signOn, "there is no SSO access token"))
        }
        let now = time.now().wall + clock.current
        switch token.step(now, isRenewable: signOn.session != nil) {
        case .use: return token.accessToken
        case .login: throw .credentials(loginHint(signOn, "the SSO access token has ended"))
        case .renewOrUse:
            return (try? await renewed(token, of: signOn, path))?.accessToken ?? token.accessToken
        case .renew: return try await renewed(token, of: signOn, path).accessToken
        }
    }

    /// Asks for another access token, and leaves it in the cache for the command line and everybody else.
    private func renewed(
        _ token: SingleSignOnToken, of signOn: SingleSignOn, _ path: String
    ) async throws(AWSError) -> SingleSignOnToken {
        guard let renewal = token.renewal,
            let endpoint = configuration.endpoint(of: .singleSignOnTokens, in: signOn.region)
        else { throw .credentials(loginHint(signOn, "the SSO access token cannot be renewed")) }
        let base = endpoint.path == "/" ? "" : endpoint.path
        let response = try await send(.singleSignOn, to: endpoint.origin) {
            HTTPRequest(
                method: "POST", target: "\(base)/token", fields: ["Content-Type": "application/json"],
                body: SingleSignOnToken.body(of: renewal))
        }
        let now = time.now().wall + clock.current
        guard response.status == 200, let renewed = token.renewed(by: response.body, at: now) else {
            throw .credentials(
                loginHint(signOn, "the SSO access token cannot be renewed"), code: AWSError(response).code)
        }
        // Where that fails the token is good all the same; the next renewal may find its refresh token used up.
        _ = writeFile(renewed.file, path)
        return renewed
    }

    private func loginHint(_ signOn: SingleSignOn, _ why: String) -> String {
        signOn.loginHint(why)
    }
}
