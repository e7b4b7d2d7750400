package import LatchkeyNet
package import LatchkeyUpstream

extension Settings {
    /// What a command needs of the settings.
    package enum Need: Sendable {
        /// `serve`: a key to guard the listener with.
        case server
        /// What asks the broker at `LATCHKEY_URL`, and without one the upstreams: AWS settings only for the latter.
        case client
        /// What asks the upstreams and no broker.
        case upstreams
        /// What asks a broker and nothing else.
        case broker
    }

    /// Gives the sockets that systemd has passed to this process.
    package typealias Inherited = () throws(InheritedSocketError) -> [InheritedSocket]

    /// Whether a command of that need asks AWS itself.
    package func asksAWS(_ need: Need) -> Bool {
        switch need {
        case .server, .upstreams: true
        case .client: url == nil
        case .broker: false
        }
    }

    /// Reads all settings and judges each.
    ///
    /// - Parameters:
    ///   - processors: the default of `LATCHKEY_WORKERS`.
    ///   - inherited: called at most once, where `LATCHKEY_LISTEN` names `systemd`.
    ///   - readSharedFile: what lies at the path of one of AWS's shared files.
    /// - Throws: all problems at once.
    package static func load(
        flags: [SettingName: String] = [:], environment: [String: String], need: Need, processors: Int,
        inherited: Inherited = { [] },
        readSharedFile: (String) -> SharedFileContent = { _ in .absent }, readFile: (String) -> String?
    ) throws(SettingsProblems) -> Settings {
        let (settings, problems) = examine(
            flags: flags, environment: environment, need: need, processors: processors, inherited: inherited,
            readSharedFile: readSharedFile, readFile: readFile)
        guard problems.isEmpty else { throw SettingsProblems(lines: problems) }
        return settings
    }

    /// As ``load(flags:environment:need:processors:readSharedFile:readFile:)``, for who wants to see the settings although
    /// something is wrong with them. Where it is, they hold what cannot be used, or nothing.
    package static func examine(
        flags: [SettingName: String] = [:], environment: [String: String], need: Need, processors: Int,
        inherited: Inherited = { [] },
        readSharedFile: (String) -> SharedFileContent = { _ in .absent }, readFile: (String) -> String?
    ) -> (settings: Settings, problems: [String]) {
        let sources = SettingSources(flags: flags, environment: environment, readFile: readFile)
        let environment = sources.awsDefaults.merging(environment) { file, own in own.isEmpty ? file : own }
        var reader = SettingsReader(sources: sources)
        let aws = AWSConfiguration(environment: environment, readSharedFile: readSharedFile)
        var settings = Settings(aws: aws, environment: environment, sources: sources)
        reader.readServer(&settings, need: need, processors: processors, inherited: inherited)
        reader.readSecrets(&settings)
        reader.readTokens(&settings)
        reader.readProfiles(&settings, readFile)
        reader.refuseReserved()
        let proxyProblems = reader.readProxies(&settings)
        if settings.asksAWS(need) {
            reader.problems += aws.problems.map { "\($0.name): \($0.description)" } + proxyProblems
        }
        return (settings, reader.problems.sorted())
    }
}
