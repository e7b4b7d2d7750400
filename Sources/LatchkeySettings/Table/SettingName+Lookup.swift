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
        let scored = allCases.map { ($0, distance(name, $0.rawValue)) }
        return scored.min { $0.1 < $1.1 }.flatMap { $0.1 <= 3 ? $0.0 : nil }
    }

    /// The Levenshtein distance of two names in bytes.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (index, byte) in left.utf8.enumerated() {
            var previous = row[0]
            row[0] = index + 1
            for column in right.indices {
                let cost = previous + (byte == right[column] ? 0 : 1)
                previous = row[column + 1]
                row[column + 1] = min(cost, previous + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}
