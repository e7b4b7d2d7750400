internal import LatchkeyCrypto

/// A role that STS hands out for the token of an OpenID Connect provider.
struct WebIdentityCredentialProvider: Sendable {
    /// The longest token that STS accepts (STS API Reference, AssumeRoleWithWebIdentity).
    private static let maxTokenBytes = 20_000

    private let context: CredentialContext

    init(_ context: CredentialContext) { self.context = context }

    /// Reads the token file each time, because the token is replaced before it expires.
    func credentials(_ identity: WebIdentity) async throws(AWSError) -> AWSCredentials {
        guard let text = context.readFile(identity.tokenFile) else {
            throw .noCredentials(
                context.isOutsideConfinement(identity.tokenFile)
                    ? "the web identity token file was not named at start (LATCHKEY_CONFINE): restart the broker to use it"
                    : "the web identity token file cannot be read")
        }
        let token = text.filter { !$0.isWhitespace }
        guard !token.isEmpty, token.utf8.count <= Self.maxTokenBytes else {
            throw .noCredentials("the web identity token file holds no token")
        }
        return try await SecurityTokenService(context).assume(identity, token: Secret(token))
    }
}
