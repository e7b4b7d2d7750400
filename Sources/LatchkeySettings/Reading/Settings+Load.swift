package import LatchkeyNet
package import LatchkeyUpstream

extension Settings {
    /// The settings that a command needs.
    package enum Need: Sendable {
        /// `serve`, which needs a key.
        case server
        /// A command that asks the broker at `LATCHKEY_URL`, or the upstreams if that is not set. Only then it needs AWS
        /// settings.
        case client
        /// A command that asks only the upstreams.
        case upstreams
        /// A command that asks only a broker.
        case broker
    }

    /// Returns the sockets that systemd has passed to this process.
    package typealias Inherited = () throws(InheritedSocketError) -> [InheritedSocket]

    /// Whether a command with this need calls AWS itself.
    package func asksAWS(_ need: Need) -> Bool {
        switch need {
        case .server, .upstreams: true
        case .client: url == nil
        case .broker: false
        }
    }

    /// Reads and checks all settings.
    ///
    /// - Parameters:
    ///   - processors: the default of `LATCHKEY_WORKERS`.
    ///   - inherited: called at most once, if `LATCHKEY_LISTEN` names `systemd`.
    ///   - readSharedFile: reads one of the shared AWS files.
    /// - Throws: all problems together.
    package static func load(
        flags: [SettingName: String] = [:], environment: [String: String], need: Need, processors: Int,
        inherited: Inherited = { [] },
        readSharedFile: (String) -> SharedFileContent = { _ in .absent }, readFile: (String) -> String?
    ) throws(SettingsError) -> Settings {
        let (settings, problems) = examine(
            flags: flags, environment: environment, need: need, processors: processors, inherited: inherited,
            readSharedFile: readSharedFile, readFile: readFile)
        guard problems.isEmpty else { throw SettingsError(lines: problems) }
        return settings
    }

    /// Reads and checks all settings, and returns them with the problems. A setting with a problem has an unusable value or
    /// none.
    package static func examine(
        flags: [SettingName: String] = [:], environment: [String: String], need: Need, processors: Int,
        inherited: Inherited = { [] },
        readSharedFile: (String) -> SharedFileContent = { _ in .absent }, readFile: (String) -> String?
    ) -> (settings: Settings, problems: [String]) {
        let sources = SettingSources(flags: flags, environment: environment, readFile: readFile)
        let environment = sources.awsDefaults.merging(environment) { file, variable in
            variable.isEmpty ? file : variable
        }
        var reader = SettingsReader(sources: sources)
        let aws = AWSConfiguration(environment: environment, readSharedFile: readSharedFile)
        var settings = Settings(aws: aws, environment: environment, sources: sources)
        reader.readServer(&settings, need: need, processors: processors, inherited: inherited)
        reader.readAudit(&settings)
        reader.readTracing(&settings)
        reader.readSecrets(&settings)
        reader.readWarmFile(&settings)
        reader.readTokens(&settings)
        reader.readProfiles(&settings, readFile)
        if need == .server { reader.readCallers(&settings, readFile) }
        let proxyProblems = reader.readProxies(&settings)
        if settings.asksAWS(need) {
            reader.problems += aws.problems.map { "\($0.name): \($0.description)" } + proxyProblems
        }
        return (settings, reader.problems.sorted())
    }
}
