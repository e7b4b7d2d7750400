package import LatchkeyCore
internal import LatchkeyHTTP

/// Every effective value and where it came from: what `latchkey config` prints. Secrets show as `<secret>`.
package struct SettingsReport: Sendable {
    /// One setting.
    package struct Line: Sendable {
        package let name: String
        /// Nil where the setting has no value.
        package let value: String?
        package let origin: String
    }

    package let lines: [Line]

    package init(_ settings: Settings) {
        lines = SettingName.allCases.map { name in
            guard let given = settings.sources.given[name] else {
                return Line(name: name.rawValue, value: Self.derived(name, settings), origin: "default")
            }
            let origin = given.readFrom.map { "\(given.origin), read from \($0)" } ?? "\(given.origin)"
            return Line(name: name.rawValue, value: Self.shown(name, given.text, settings), origin: origin)
        }
    }

    /// A proxy's URL is shown without its user and password.
    private static func shown(_ name: SettingName, _ text: String, _ settings: Settings) -> String {
        switch name {
        case .httpsProxy: settings.proxies.https?.description ?? "<unusable>"
        case .httpProxy: settings.proxies.http?.description ?? "<unusable>"
        default: name.row.isSecret ? "<secret>" : text
        }
    }

    private static func derived(_ name: SettingName, _ settings: Settings) -> String? {
        name == .workers ? "\(settings.workers)" : nil
    }

    /// `NAME=value  # origin` lines, ready to become a settings file.
    package var text: String {
        let width = lines.map { "\($0.name)=\($0.value ?? "")".count }.max() ?? 0
        return lines.map { line in
            let assignment = "\(line.name)=\(line.value ?? "")"
            let start = line.value == nil ? "# " + assignment : assignment
            return start + String(repeating: " ", count: max(1, width + 3 - start.count)) + "# \(line.origin)"
        }.joined(separator: "\n")
    }

    /// One object: name → `{value, origin}`.
    package var json: JSON {
        .object(
            JSONObject(
                lines.map { line in
                    (line.name, ["value": line.value.map { .string($0) } ?? .null, "origin": .string(line.origin)])
                }))
    }
}
