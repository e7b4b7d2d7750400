/// What a later reading of the settings changes. Pure.
package struct SettingsChange: Equatable, Sendable {
    /// Settings that a running broker replaces together.
    package enum Part: CaseIterable, Sendable {
        case key, callers, profiles, certificates, logLevel

        /// The settings of the part.
        package var names: [SettingName] {
            switch self {
            case .key: [.apiKey]
            case .callers: [.callersFile]
            case .profiles: [.profilesFile]
            case .certificates: [.tlsCert, .tlsKey, .tlsClientCA, .tlsClientAuth]
            case .logLevel: [.logLevel]
            }
        }
    }

    /// The parts that have to be replaced.
    package let parts: [Part]
    /// The names of the changed settings of each part.
    package let names: [Part: [String]]
    /// The names of the changed settings and AWS variables that are read at start only, sorted.
    package let needRestart: [String]

    /// - Parameters:
    ///   - old: the settings in force.
    ///   - new: the settings of the later reading.
    package init(from old: Settings, to new: Settings) {
        let names = SettingName.allCases.filter { Self.differs($0, old.sources, new.sources) }
        let parts = Part.allCases.filter { part in
            part.names.contains(where: names.contains) && Self.isReplaceable(part, old, new)
        }
        self.parts = parts
        self.names = Dictionary(
            uniqueKeysWithValues: parts.map { part in (part, part.names.filter(names.contains).map(\.rawValue)) })
        let replaced = Set(parts.flatMap(\.names))
        needRestart =
            (names.filter { !replaced.contains($0) }.map(\.rawValue) + Self.changedVariables(old.sources, new.sources))
            .sorted()
    }

    /// Whether nothing differs.
    package var isEmpty: Bool { parts.isEmpty && needRestart.isEmpty }

    /// The settings whose file is followed: its content is no change of the setting.
    private static let followed: Set<SettingName> = [
        .apiKey, .auth0Domain, .auth0ClientID, .auth0ClientSecret, .auth0Audience,
    ]

    private static func differs(_ name: SettingName, _ old: SettingSources, _ new: SettingSources) -> Bool {
        let (before, after) = (old.given[name], new.given[name])
        if before?.readFrom != after?.readFrom { return true }
        if before?.readFrom != nil, followed.contains(name) { return false }
        return before?.text != after?.text
    }

    /// A callers file, a profiles file or TLS cannot be added or removed while the broker runs, and the number of
    /// certificates stays: the metrics have a place for each.
    private static func isReplaceable(_ part: Part, _ old: Settings, _ new: Settings) -> Bool {
        switch part {
        case .key, .logLevel: true
        case .callers: old.callersPath != nil && new.sources.given[.callersFile] != nil
        case .profiles: old.profilesPath != nil && new.sources.given[.profilesFile] != nil
        case .certificates:
            old.tls != nil && (new.tls == nil ? new.isGiven(.tlsCert) : new.tls?.pairs.count == old.tls?.pairs.count)
        }
    }

    /// The AWS variables of the settings file that have changed. Those of the environment cannot.
    private static func changedVariables(_ old: SettingSources, _ new: SettingSources) -> [String] {
        Set(old.awsDefaults.keys).union(new.awsDefaults.keys).filter { old.awsDefaults[$0] != new.awsDefaults[$0] }
    }
}
