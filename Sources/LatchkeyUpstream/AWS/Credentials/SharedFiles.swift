/// The two shared files and the profile chosen in them.
package struct SharedFiles: Sendable {
    package let profile: String
    /// Somebody has named the profile, so that it has to be there.
    let isProfileNamed: Bool
    private let configFile: SharedConfigFile
    private let credentialsFile: SharedConfigFile

    /// - Parameter environment: with empty values left out.
    package init(environment: [String: String], readFile: (String) -> String?) {
        let home = environment["HOME"] ?? ""
        let named = environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"]
        profile = named ?? "default"
        isProfileNamed = named != nil
        let expand: (String) -> String = { $0.hasPrefix("~/") ? home + $0.dropFirst() : $0 }
        let config = expand(environment["AWS_CONFIG_FILE"] ?? "~/.aws/config")
        let credentials = expand(environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "~/.aws/credentials")
        configFile = SharedConfigFile(readFile(config) ?? "")
        credentialsFile = SharedConfigFile(readFile(credentials) ?? "")
    }

    /// The chosen profile's settings in the config file.
    package var config: [String: String] { configFile.configProfile(profile) ?? [:] }

    /// The chosen profile's entry in the credentials file.
    package var credentials: [String: String] { credentials(of: profile) ?? [:] }

    func credentials(of profile: String) -> [String: String]? { credentialsFile.credentialsProfile(profile) }

    func config(of profile: String) -> [String: String]? { configFile.configProfile(profile) }

    /// A profile's settings in both files together, the credentials file's first (botocore, `full_config`); nil where
    /// neither has it.
    func settings(of profile: String) -> [String: String]? {
        let (config, credentials) = (config(of: profile), credentials(of: profile))
        guard config != nil || credentials != nil else { return nil }
        return (config ?? [:]).merging(credentials ?? [:]) { $1 }.filter { !$0.value.isEmpty }
    }

    /// `[sso-session name]` of the config file.
    func ssoSession(_ name: String) -> [String: String]? { configFile.sections["sso-session \(name)"] }

    /// The endpoint the profile's `services` section gives a service.
    func serviceEndpoint(_ service: String) -> String? {
        config["services"].flatMap { configFile.sections["services \($0)"]?["\(service).endpoint_url"] }
    }
}
