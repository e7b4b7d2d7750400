internal import LatchkeyConfine
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyDev
internal import LatchkeySettings

/// What `latchkey dev` decides before the process has a second thread.
struct DevPreparation: Sendable {
    /// What the embedded upstreams start with.
    let seed: DevSeed
    /// The broker's key: `LATCHKEY_API_KEY`, or a new one for this run.
    let key: Secret
    /// Nil if `LATCHKEY_CONFINE` is `false`.
    let confinement: ConfinementState?

    private let port: UInt16
    private let environment: [String: String]

    /// Stands for the address of the embedded upstreams, which is not known before they listen. The confinement does not
    /// depend on it.
    private static let anyEndpoint = "http://127.0.0.1:1"

    /// Reads the settings and confines the process. Must be called while the process has one thread.
    ///
    /// - Parameter port: the broker's port; 0 picks one.
    /// - Throws: all problems of the settings.
    init(port: UInt16, environment: [String: String]) throws(SettingsError) {
        self.port = port
        self.environment = environment
        seed = DevSeed.random(prefix: environment[SettingName.prefix.rawValue] ?? "/your-app/dev")
        key = Secret(environment[SettingName.apiKey.rawValue] ?? Hex.encode(Random.bytes(32)))
        let settings = try Self.settings(
            port, Self.brokerEnvironment(environment, seed: seed, endpoint: Self.anyEndpoint, key: key))
        confinement = ConfinedSettings(confining: settings).confinement
    }

    /// The broker's settings.
    ///
    /// - Parameter endpoint: the address of the embedded upstreams.
    func settings(endpoint: String) throws(SettingsError) -> Settings {
        try Self.settings(port, Self.brokerEnvironment(environment, seed: seed, endpoint: endpoint, key: key))
    }

    private static func settings(_ port: UInt16, _ environment: [String: String]) throws(SettingsError) -> Settings {
        var settings = try CommandEnvironment.settings(
            flags: [.listen: "127.0.0.1:\(port)"], environment: environment, need: .server)
        settings.requiresLoopbackHost = true
        return settings
    }

    /// The caller's environment with the embedded upstreams in place of all settings for real ones.
    private static func brokerEnvironment(
        _ environment: [String: String], seed: DevSeed, endpoint: String, key: Secret
    ) -> [String: String] {
        var result = environment.filter { name, _ in
            !name.hasPrefix("AWS_") && !name.hasPrefix("AUTH0_") && name != SettingName.config.rawValue
        }
        result["AWS_REGION"] = seed.location.region
        result["AWS_ACCESS_KEY_ID"] = seed.accessKeyID
        result["AWS_SECRET_ACCESS_KEY"] = seed.secretAccessKey.revealText()
        result["AWS_ENDPOINT_URL"] = endpoint
        // The user's own files must not apply either.
        result["AWS_CONFIG_FILE"] = "/dev/null"
        result["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null"
        result[SettingName.auth0TokenURL.rawValue] = "\(endpoint)/oauth/token"
        result[SettingName.apiKey.rawValue] = key.revealText()
        return result
    }
}
