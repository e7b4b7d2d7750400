package import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyUpstream

/// The values of all settings and their origins, as `latchkey config` prints them. Secrets appear as `<secret>`.
package struct SettingsReport: Sendable {
    /// One setting.
    package struct Line: Sendable {
        package let name: String
        /// The value to show; nil if the setting has none.
        package let value: String?
        package let origin: String
        /// Why the shown value cannot be used in a settings file; nil if it can.
        let omission: String?
    }

    package let lines: [Line]

    package init(_ settings: Settings) {
        let table = SettingName.allCases.map { name in
            guard let given = settings.sources.given[name] else {
                return Line(name: name.rawValue, value: Self.derived(name, settings), origin: "default", omission: nil)
            }
            let origin = given.readFrom.map { "\(given.origin), read from \($0)" } ?? "\(given.origin)"
            let shown = Self.shown(name, given.text, settings)
            return Line(name: name.rawValue, value: shown.text, origin: origin, omission: shown.omission)
        }
        lines = table + [Self.region(settings)] + AWSVariables.names.map { Self.aws($0, settings) }
    }

    /// The value to show. The URL of a proxy is shown without its user and password.
    private static func shown(
        _ name: SettingName, _ text: String, _ settings: Settings
    ) -> (text: String, omission: String?) {
        let proxy: String?
        switch name {
        case .httpsProxy: proxy = settings.proxies.https?.description
        case .httpProxy: proxy = settings.proxies.http?.description
        default:
            if name.row.isSecret { return ("<secret>", "a secret") }
            return holdsCredentials(text) ? ("<unusable>", "unusable") : (text, nil)
        }
        guard let proxy else { return ("<unusable>", "unusable") }
        return (proxy, proxy == text ? nil : "without its credentials")
    }

    /// Whether the text is a URL with a user or password. Only the settings of proxies may have one.
    private static func holdsCredentials(_ text: String) -> Bool {
        guard let start = text.firstRange(of: "://")?.upperBound else { return false }
        return text[start...].utf8.prefix { $0 != UInt8(ascii: "/") }.contains(UInt8(ascii: "@"))
    }

    /// The default of a setting that depends on the machine.
    private static func derived(_ name: SettingName, _ settings: Settings) -> String? {
        name == .workers ? "\(settings.workers)" : nil
    }

    /// The region. Without it the printed settings could not be read back.
    private static func region(_ settings: Settings) -> Line {
        let name = "AWS_REGION"
        guard !settings.aws.problems.contains(where: { $0.name == name }) else {
            return Line(name: name, value: nil, origin: "default", omission: nil)
        }
        let variable = [name, "AWS_DEFAULT_REGION"].first { settings.environment[$0]?.isEmpty == false }
        return Line(
            name: name, value: settings.aws.region,
            origin: variable.map { settings.sources.origin(ofAWS: $0) } ?? "shared AWS files", omission: nil)
    }

    /// An `AWS_*` variable. The shared AWS files are not read; `latchkey doctor` tells what follows from them.
    private static func aws(_ name: String, _ settings: Settings) -> Line {
        guard let value = settings.environment[name], !value.isEmpty else {
            return Line(name: name, value: nil, origin: "default", omission: nil)
        }
        let origin = settings.sources.origin(ofAWS: name)
        if AWSVariables.secret.contains(name) {
            return Line(name: name, value: "<secret>", origin: origin, omission: "a secret")
        }
        if holdsCredentials(value) {
            return Line(name: name, value: "<unusable>", origin: origin, omission: "unusable")
        }
        // Without the secret key, the access key ID would be half a credential.
        let omission = name == "AWS_ACCESS_KEY_ID" ? "useless without its secret key" : nil
        return Line(name: name, value: value, origin: origin, omission: omission)
    }

    /// A settings file: `NAME=value` lines under comments with their origins. A setting without a value, or whose shown value
    /// cannot be used, is a comment.
    package var text: String {
        var rows: [String] = []
        var origin: String?
        for line in lines {
            if line.origin != origin {
                rows.append("# \(Self.printable(line.origin))")
                origin = line.origin
            }
            if line.omission == nil, let value = line.value, let written = SettingsFile.written(value) {
                rows.append("\(line.name)=\(written)")
            } else {
                let why = line.value.map { _ in " (\(line.omission ?? "no line can hold the value"))" } ?? ""
                rows.append("# \(line.name)=\(Self.printable(line.value ?? ""))\(why)")
            }
        }
        return rows.joined(separator: "\n")
    }

    /// The text without line ends and other control characters, which could end a comment.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
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
