internal import LatchkeyCrypto

/// A role of IAM Identity Center that a profile names ("IAM Identity Center credential provider", AWS SDKs and Tools
/// Reference Guide).
struct SingleSignOn: Hashable, Sendable {
    let accountID: String
    let roleName: String
    let region: String
    let startURL: String
    /// The `sso-session` section's name; nil for a profile of the older form, whose token cannot be renewed.
    let session: String?

    /// - Returns: nil for a profile with neither `sso_account_id` nor `sso_role_name`.
    init?(profile: String, _ settings: [String: String], _ files: SharedFiles) throws(AWSError) {
        guard settings["sso_account_id"] != nil || settings["sso_role_name"] != nil else { return nil }
        var settings = settings
        session = settings["sso_session"]
        if let session {
            guard let section = files.ssoSession(session) else {
                throw .credentials("profile \(profile) names sso-session \(session), which the config file has not")
            }
            for (name, value) in section {
                guard settings[name] ?? value == value else {
                    throw .credentials("profile \(profile) and sso-session \(session) differ in \(name)")
                }
                settings[name] = value
            }
        }
        let names = ["sso_account_id", "sso_role_name", "sso_region", "sso_start_url"]
        let values = names.compactMap { settings[$0] }
        guard values.count == names.count else {
            let missing = names.filter { settings[$0] == nil }.joined(separator: ", ")
            throw .credentials("profile \(profile) is configured for SSO and lacks \(missing)")
        }
        (accountID, roleName, region, startURL) = (values[0], values[1], values[2], values[3])
    }

    /// The file `aws sso login` leaves its token in, below the home directory.
    var cacheFile: String { ".aws/sso/cache/\(SHA1.hash(session ?? startURL)).json" }

    /// What to type to have a new token.
    func loginHint(_ profile: String, _ why: String) -> String {
        let command = session.map { "aws sso login --sso-session \($0)" } ?? "aws sso login --profile \(profile)"
        return "\(why): run `\(command)`"
    }
}
