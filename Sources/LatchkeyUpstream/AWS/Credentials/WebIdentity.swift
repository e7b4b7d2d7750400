/// A role that is assumed with a token of an OpenID Connect provider, as pods of EKS are given one (IRSA).
struct WebIdentity: Hashable, Sendable {
    let roleARN: String
    let tokenFile: String
    let sessionName: String?

    /// - Parameters:
    ///   - environment: `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN` and `AWS_ROLE_SESSION_NAME` win over the profile's
    ///     `web_identity_token_file`, `role_arn` and `role_session_name`, one by one, as in botocore. Empty for a profile
    ///     that is another's source.
    /// - Returns: nil where no token file is named.
    static func find(
        environment: [String: String], profile: [String: String]
    ) throws(AWSError) -> WebIdentity? {
        let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"] ?? profile["web_identity_token_file"]
        guard let file else { return nil }
        guard let role = environment["AWS_ROLE_ARN"] ?? profile["role_arn"] else {
            throw .credentials("a web identity token file is named, and neither AWS_ROLE_ARN nor role_arn a role")
        }
        return WebIdentity(
            roleARN: role, tokenFile: file,
            sessionName: environment["AWS_ROLE_SESSION_NAME"] ?? profile["role_session_name"])
    }
}
