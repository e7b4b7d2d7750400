internal import LatchkeyCrypto

/// A role of IAM Identity Center that a profile names (AWS SDKs and Tools Reference Guide, "IAM Identity Center
/// credential provider").
package struct SSOProfile: Hashable, Sendable {
    /// The profile's name.
    package let profile: String
    package let accountID: String
    package let roleName: String
    package let region: String
    package let startURL: String
    /// The name of the `sso-session` section. Nil for a profile of the legacy form, whose token cannot be refreshed.
    package let session: String?

    /// - Returns: nil for a profile with neither `sso_account_id` nor `sso_role_name`.
    /// - Throws: if a setting is missing, the session does not exist, or the session contradicts the profile.
    init?(_ profile: SharedProfile, _ files: SharedFiles) throws(SharedConfigError) {
        let session = try profile.reference("sso_session") { files.ssoSession($0) != nil }
        var settings = profile
        if let session { settings = try Self.merged(profile, session, files) }
        guard profile.has("sso_account_id") || profile.has("sso_role_name") else { return nil }
        var values: [String] = []
        var missing: [String] = []
        for name in ["sso_account_id", "sso_role_name", "sso_region", "sso_start_url"] {
            if let value = try settings.text(name) { values.append(value) } else { missing.append(name) }
        }
        guard missing.isEmpty else {
            throw profile.error(
                "profile \(profile.name) is configured for SSO and lacks \(missing.joined(separator: ", "))")
        }
        self.profile = profile.name
        self.session = session
        (accountID, roleName, region, startURL) = (values[0], values[1], values[2], values[3])
    }

    /// The profile's settings with those of its `sso-session` section, which must itself have region and start URL.
    private static func merged(
        _ profile: SharedProfile, _ name: String, _ files: SharedFiles
    ) throws(SharedConfigError) -> SharedProfile {
        guard let session = files.ssoSession(name) else {
            throw profile.error(
                "sso_session",
                "profile \(profile.name) names the sso-session \(name), which the config file does not have")
        }
        for name in ["sso_region", "sso_start_url"] where !session.has(name) {
            throw session.error("sso-session \(session.name) lacks \(name)")
        }
        for name in session.names where profile.has(name) {
            guard try profile.setting(name) == session.setting(name) else {
                throw profile.error(
                    name, "profile \(profile.name) and sso-session \(session.name) differ in \(name)")
            }
        }
        return profile.overlaid(by: session)
    }

    /// The file in which `aws sso login` leaves its token, below the home directory.
    var cacheFile: String { ".aws/sso/cache/\(SHA1.hash(session ?? startURL)).json" }

    /// `why`, and the command that gets a new token.
    func loginHint(_ why: String) -> String {
        let command = session.map { "aws sso login --sso-session \($0)" } ?? "aws sso login --profile \(profile)"
        return "\(why): run `\(command)`"
    }
}
