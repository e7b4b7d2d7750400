internal import LatchkeyCrypto

/// A role of IAM Identity Center that a profile names ("IAM Identity Center credential provider", AWS SDKs and Tools
/// Reference Guide).
package struct SingleSignOn: Hashable, Sendable {
    /// Of the profile.
    package let profile: String
    package let accountID: String
    package let roleName: String
    package let region: String
    package let startURL: String
    /// The `sso-session` section's name; nil for a profile of the older form, whose token cannot be renewed.
    package let session: String?

    /// - Returns: nil for a profile with neither `sso_account_id` nor `sso_role_name`.
    /// - Throws: for a half of it, and for a session that is not there or says something else than the profile.
    init?(_ profile: SharedProfile, _ files: SharedFiles) throws(SharedConfigError) {
        let session = try profile.reference("sso_session") { files.ssoSession($0) != nil }
        var settings = profile
        if let session { settings = try Self.joined(profile, session, files) }
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

    /// The profile's settings with those of its `sso-session` section, which has to have region and start URL itself.
    private static func joined(
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

    /// The file `aws sso login` leaves its token in, below the home directory.
    var cacheFile: String { ".aws/sso/cache/\(SHA1.hash(session ?? startURL)).json" }

    /// What to type to have a new token.
    func loginHint(_ why: String) -> String {
        let command = session.map { "aws sso login --sso-session \($0)" } ?? "aws sso login --profile \(profile)"
        return "\(why): run `\(command)`"
    }
}
