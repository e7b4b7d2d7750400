/// The keys in a profile: `aws_access_key_id`, `aws_secret_access_key` and `aws_session_token`.
enum ProfileKeys {
    /// - Parameter profile: of one file. botocore does not combine an id of one file with a secret of the other.
    /// - Returns: nil if the profile has no keys.
    /// - Throws: if id or secret is missing, or a value is not valid.
    static func find(_ profile: SharedProfile?) throws(SharedConfigError) -> AWSCredentials? {
        guard let profile else { return nil }
        let (id, secret) = (try profile.text("aws_access_key_id"), try profile.text("aws_secret_access_key"))
        guard let id else {
            guard secret == nil else {
                throw profile.error(
                    "aws_secret_access_key",
                    "profile \(profile.name) has aws_secret_access_key and no aws_access_key_id")
            }
            return nil
        }
        guard let keys = AWSCredentials(id: id, secret: secret, token: try token(of: profile)) else {
            throw profile.error(
                "aws_access_key_id", "profile \(profile.name) has aws_access_key_id and no aws_secret_access_key")
        }
        guard keys.isVisibleASCII else {
            throw profile.error(
                "aws_access_key_id",
                "the access key id or the session token of profile \(profile.name) contains a character other than "
                    + "visible ASCII")
        }
        return keys
    }

    /// boto's older name for the token takes precedence, as in botocore.
    private static func token(of profile: SharedProfile) throws(SharedConfigError) -> String? {
        let token = try profile.setting("aws_session_token")
        guard profile.has("aws_security_token") else { return token }
        if let older = try profile.setting("aws_security_token") { return older }
        guard token == nil else {
            throw profile.error("aws_security_token", "aws_security_token is empty: remove the line")
        }
        return nil
    }
}
