/// A role that is assumed with the token of an OpenID Connect provider, such as EKS gives to pods (IRSA).
package struct WebIdentity: Hashable, Sendable {
    package let roleARN: String
    package let tokenFile: String
    package let sessionName: String?

    /// - Parameters:
    ///   - environment: `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN` and `AWS_ROLE_SESSION_NAME` each take precedence
    ///     over the profile's setting, as in botocore. Empty for the source profile of a role.
    ///   - profile: with `web_identity_token_file`, `role_arn` and `role_session_name`.
    /// - Returns: nil if no token file is configured.
    static func find(
        environment: [String: String], profile: SharedProfile?
    ) throws(SharedConfigError) -> WebIdentity? {
        var file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"]
        if file == nil { file = try profile?.path("web_identity_token_file") }
        guard let file else { return nil }
        var role = environment["AWS_ROLE_ARN"]
        if role == nil { role = try profile?.text("role_arn") }
        guard let role else {
            let why = "a web identity token file is named, and no role: set AWS_ROLE_ARN or role_arn"
            throw profile?.error("web_identity_token_file", why) ?? SharedConfigError(path: nil, why)
        }
        var sessionName = environment["AWS_ROLE_SESSION_NAME"]
        if sessionName == nil { sessionName = try profile?.setting("role_session_name") }
        return WebIdentity(roleARN: role, tokenFile: file, sessionName: sessionName)
    }
}
