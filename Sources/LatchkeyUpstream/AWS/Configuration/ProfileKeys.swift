/// The keys that stand in a profile itself.
enum ProfileKeys {
    /// - Parameter profile: of one file: botocore puts no pair together from two.
    /// - Returns: nil where it has none.
    /// - Throws: for half a pair, and for what no key is.
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
        guard keys.isPrintable else {
            throw profile.error(
                "aws_access_key_id",
                "the access key id or the session token of profile \(profile.name) holds a character that none has")
        }
        return keys
    }

    /// boto's older name wins, as in botocore.
    private static func token(of profile: SharedProfile) throws(SharedConfigError) -> String? {
        let token = try profile.setting("aws_session_token")
        guard profile.has("aws_security_token") else { return token }
        if let older = try profile.setting("aws_security_token") { return older }
        guard token == nil else {
            throw profile.error("aws_security_token", "aws_security_token is empty: take the line out")
        }
        return nil
    }
}
