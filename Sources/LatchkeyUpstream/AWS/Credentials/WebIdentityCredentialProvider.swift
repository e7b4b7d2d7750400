internal import LatchkeyCrypto

extension CredentialContext {
    /// The longest token STS takes (AssumeRoleWithWebIdentity, API reference).
    private static var longestToken: Int { 20_000 }

    /// A web identity of the environment or of the chosen profile.
    func webIdentityProvider(_ planner: Planner) -> CredentialProvider {
        CredentialProvider(.webIdentity) { () throws(AWSError) in
            let planner = try Self.planner(planner)
            guard let plan = try Self.plan({ () throws(SharedConfigError) in try planner.webIdentity() }) else {
                return .absent("AWS_WEB_IDENTITY_TOKEN_FILE is not set, and the profile has no web_identity_token_file")
            }
            return .found(try await carryOut(plan))
        }
    }

    /// The token's file is read anew each time: whoever put it there exchanges it before it ends.
    func credentials(of identity: WebIdentity) async throws(AWSError) -> AWSCredentials {
        guard let text = readFile(identity.tokenFile) else {
            throw .credentials("the web identity token file cannot be read")
        }
        let token = text.filter { !$0.isWhitespace }
        guard !token.isEmpty, token.utf8.count <= Self.longestToken else {
            throw .credentials("the web identity token file holds no token")
        }
        return try await SecurityTokenService(self).assume(identity, token: Secret(token))
    }
}
