internal import LatchkeyBroker
internal import LatchkeyCore

extension SettingsReader {
    /// Reads where secrets are and how long they are kept.
    mutating func readSecrets(_ settings: inout Settings) {
        settings.prefix = prefix()
        settings.backend = choice(.secretsBackend, .parameterStore)
        settings.secretTTL = seconds(.secretTTL)
        settings.negativeTTL = seconds(.negativeTTL)
        settings.staleTTL = seconds(.staleTTL)
        settings.ssmMaxTPS = number(.ssmMaxTPS) ?? 1
        for key in list(.prefetch) {
            if SecretKey(key) == nil { reject(.prefetch, "\(key) is not the key of a secret: \(SecretKey.grammar)") }
            settings.prefetch.append(key)
        }
    }

    /// The most levels in a prefix. It leaves levels for the parameters below it (``ParameterNameRules/maxLevels``).
    private static let maxPrefixLevels = 12
    private static let maxPrefixBytes = 512

    /// Checks Parameter Store's rules for names, so that a bad prefix is reported here and not as a denied access.
    private mutating func prefix() -> String {
        var prefix = text(.prefix) ?? ""
        while prefix.count > 1, prefix.hasSuffix("/") { prefix.removeLast() }
        let levels = prefix.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        if !prefix.hasPrefix("/") || levels.contains(where: { $0.isEmpty || !ParameterNameRules.allows($0.utf8) }) {
            reject(.prefix, "must be a path like /your-app/dev: letters, digits and . - _ between slashes")
        } else if let reserved = ParameterNameRules.reservedPrefix(ofFirstLevel: levels.first ?? "") {
            reject(.prefix, "must not begin with \(reserved): AWS reserves such names")
        } else if levels.count > Self.maxPrefixLevels || prefix.utf8.count > Self.maxPrefixBytes {
            reject(
                .prefix,
                "is too deep or too long: at most \(Self.maxPrefixLevels) levels and \(Self.maxPrefixBytes) characters are "
                    + "allowed")
        }
        return prefix
    }
}
