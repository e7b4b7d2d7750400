internal import LatchkeyBroker
internal import LatchkeyCore
package import LatchkeySettings
internal import Logging

/// The environment variables that configure AWS's own extension (Systems Manager User Guide, "Using Parameter Store
/// parameters in AWS Lambda functions", environment variables).
///
/// A function keeps them when Latchkey replaces the extension. Each one is followed, or the log says that it is not.
package struct ExtensionVariables: Sendable {
    /// Malformed values, each with its variable's name.
    package private(set) var problems: [String] = []

    private let given: [String: String]
    private var cacheIsEnabled: Bool?
    private var cacheSize: Int?
    private var parametersTTL: Int?
    private var secretsTTL: Int?
    private var logLevel: Logger.Level?

    /// Allowed TTLs of AWS's extension in seconds.
    private static let ttlBounds = 0...300
    /// Allowed cache sizes of AWS's extension.
    private static let sizeBounds = 0...1000
    /// AWS's names. `none` maps to `critical`, because the reason for an exit is always logged.
    private static let logLevels: [String: Logger.Level] = [
        "debug": .debug, "info": .info, "warn": .warning, "error": .error, "none": .critical,
    ]

    private enum Name {
        static let family = "PARAMETERS_SECRETS_EXTENSION_"
        static let enabled = "PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED"
        static let size = "PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE"
        static let port = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"
        static let level = "PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL"
        static let connections = "PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS"
        static let parametersTTL = "SSM_PARAMETER_STORE_TTL"
        static let parametersTimeout = "SSM_PARAMETER_STORE_TIMEOUT_MILLIS"
        static let secretsTTL = "SECRETS_MANAGER_TTL"
        static let secretsTimeout = "SECRETS_MANAGER_TIMEOUT_MILLIS"
    }

    /// - Parameter environment: the process's environment. An empty variable counts as unset.
    package init(_ environment: [String: String]) {
        given = environment.filter { !$0.value.isEmpty }
        cacheSize = number(Name.size, Self.sizeBounds)
        parametersTTL = number(Name.parametersTTL, Self.ttlBounds)
        secretsTTL = number(Name.secretsTTL, Self.ttlBounds)
        cacheIsEnabled = choice(Name.enabled, ["true": true, "false": false], "TRUE or FALSE")
        logLevel = choice(Name.level, Self.logLevels, "DEBUG, INFO, WARN, ERROR or NONE")
        // These have no effect, but malformed values are still reported.
        _ = number(Name.connections, 1...Int(Int32.max))
        for name in [Name.parametersTimeout, Name.secretsTimeout] { _ = number(name, 0...Int(Int32.max)) }
    }

    private mutating func number(_ name: String, _ bounds: ClosedRange<Int>) -> Int? {
        guard let text = given[name] else { return nil }
        let isDecimal = text.utf8.allSatisfy(ASCII.isDigit)
        if isDecimal, let number = Int(text), bounds.contains(number) { return number }
        problems.append("\(name): must be a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        return nil
    }

    /// The value of a variable that accepts a few texts, compared without case.
    private mutating func choice<Meaning>(_ name: String, _ values: [String: Meaning], _ all: String) -> Meaning? {
        guard let text = given[name] else { return nil }
        if let found = values.first(where: { $0.key.hasSameBytesInAnyCase(as: text) }) { return found.value }
        problems.append("\(name): must be \(all)")
        return nil
    }

    // MARK: Applying

    /// Applies the variables to `settings`. A setting of Latchkey's own takes precedence.
    ///
    /// - Returns: a sentence for each variable without effect, beginning with its name. Sorted.
    package func apply(to settings: inout Settings) -> [String] {
        var notes: [String: String] = [:]
        applyTimes(to: &settings, &notes)
        if let cacheSize, cacheSize > 0 { settings.maximumSecrets = cacheSize }
        if let logLevel {
            if settings.isGiven(.logLevel) {
                notes[Name.level] = Self.wins(.logLevel)
            } else {
                settings.logLevel = logLevel
            }
        }
        for name in [Name.parametersTimeout, Name.secretsTimeout] {
            notes[name] = "\(SettingName.upstreamTimeout.rawValue) bounds each request to a store"
        }
        notes[Name.connections] = "Latchkey opens as many connections to a store as it needs, at most 64"
        for name in given.keys where name.hasPrefix(Name.family) && !Self.known.contains(name) {
            notes[name] = "Latchkey does not know this variable"
        }
        return notes.filter { given[$0.key] != nil }.map { "\($0.key) has no effect: \($0.value)" }.sorted()
    }

    private func applyTimes(to settings: inout Settings, _ notes: inout [String: String]) {
        let switches = [Name.enabled, Name.size].filter { $0 == Name.size ? cacheSize == 0 : cacheIsEnabled == false }
        let times = [Name.parametersTTL, Name.secretsTTL]
        if settings.isGiven(.secretTTL) {
            for name in times + switches { notes[name] = Self.wins(.secretTTL) }
        } else if let off = switches.first {
            for name in times { notes[name] = "\(off) turns the cache off" }
            for store in SecretStore.allCases { settings.setTTL(.zero, of: store) }
        } else {
            if let secretsTTL { settings.setTTL(.seconds(secretsTTL), of: .secretsManager) }
            if let parametersTTL { settings.setTTL(.seconds(parametersTTL), of: .parameterStore) }
            // If secrets can also be in Parameter Store, the shorter TTL satisfies both variables.
            if let secretsTTL, settings.backend == .parameterStore || settings.backend == .auto {
                let own = settings.ttls[.parameterStore]?.fresh ?? settings.secretTTL
                settings.setTTL(min(own, .seconds(secretsTTL)), of: .parameterStore)
            }
        }
    }

    private static func wins(_ name: SettingName) -> String { "\(name.rawValue) is set and wins" }

    private static let known: Set<String> = [Name.enabled, Name.size, Name.port, Name.level, Name.connections]
}

extension Settings {
    /// Also limits the negative TTL, unless it has a setting of its own.
    fileprivate mutating func setTTL(_ ttl: Duration, of store: SecretStore) {
        ttls[store] = SecretTTLs(fresh: ttl, negative: isGiven(.negativeTTL) ? negativeTTL : min(negativeTTL, ttl))
    }
}
