internal import LatchkeyCore

extension SettingName {
    /// Alternative names.
    static let aliases: [String: SettingName] = [
        "LATCHKEY_SECRET_NEGATIVE_TTL": .negativeTTL, "LATCHKEY_SECRET_STALE_TTL": .staleTTL,
    ]

    /// The settings that name proxies, by their kind in ``ProxyVariables``. Their names are case-insensitive.
    static let proxies: [String: SettingName] = ["https": .httpsProxy, "http": .httpProxy, "no": .noProxy]

    /// The setting with this name or alternative name.
    static func named(_ name: String) -> SettingName? { SettingName(rawValue: name) ?? aliases[name] }

    /// The setting whose name is closest to a mistyped one, if it differs in at most three characters.
    static func nearest(to name: String) -> SettingName? {
        EditDistance.nearest(to: name, among: allCases.map(\.rawValue), limit: 3).flatMap { SettingName(rawValue: $0) }
    }
}
