internal import LatchkeyCore
internal import LatchkeyHTTP

/// Where each setting's text comes from: flags over environment over file over default.
package struct SettingSources: Sendable {
    /// Who set a value.
    package enum Origin: Hashable, Sendable, CustomStringConvertible {
        case flag
        case environment
        case file(String)
        case standard

        package var description: String {
            switch self {
            case .flag: "flag"
            case .environment: "environment"
            case .file(let path): "file \(path)"
            case .standard: "default"
            }
        }
    }

    /// One setting as given.
    package struct Given: Sendable {
        package var text: String
        package var origin: Origin
        /// The file a `file:/path` value was read from.
        package var readFrom: String?
    }

    package private(set) var given: [SettingName: Given] = [:]
    package private(set) var problems: [String] = []
    /// `AWS_*` lines of the settings file: the AWS settings' defaults below the environment's own.
    package private(set) var awsDefaults: [String: String] = [:]

    /// Where the settings file is; nil where none is named.
    private var settingsFile: String?
    /// The variables of the process that have a value.
    private var ownNames: Set<String> = []

    /// - Parameters:
    ///   - flags: from the command line, by setting.
    ///   - environment: the process's; names that begin with `LATCHKEY_` must all be known.
    ///   - readFile: a file's text, or nil where it cannot be read.
    package init(flags: [SettingName: String], environment: [String: String], readFile: (String) -> String?) {
        for name in SettingName.allCases {
            if let standard = name.row.standard { given[name] = Given(text: standard, origin: .standard) }
        }
        if let path = flags[.config] ?? environment[SettingName.config.rawValue], !path.isEmpty {
            settingsFile = path
            if let text = readFile(path) {
                readSettingsFile(text, path: path)
            } else {
                problems.append("LATCHKEY_CONFIG: cannot read \(path)")
            }
        }
        ownNames = Set(environment.filter { !$0.value.isEmpty }.keys)
        takeProxies(environment, .environment)
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where !Self.isProxy(name) {
            take(name, value, .environment, isStrict: name.hasPrefix("LATCHKEY_"))
        }
        for (name, value) in flags { given[name] = Given(text: value, origin: .flag) }
        for name in given.keys { resolveReference(name, readFile) }
    }

    /// Who set one of AWS's own variables, which has a value.
    func origin(ofAWS name: String) -> String {
        let origin = settingsFile.map { Origin.file($0) } ?? .environment
        return (ownNames.contains(name) ? .environment : origin).description
    }

    private mutating func readSettingsFile(_ text: String, path: String) {
        var proxies: [String: String] = [:]
        let file = SettingsFile(text)
        problems += file.errors.map { "\(path), line \($0.line): \($0.reason)" }
        for line in file.assignments {
            if line.name.hasPrefix("AWS_") {
                awsDefaults[line.name] = line.value
            } else if Self.isProxy(line.name) {
                proxies[line.name] = line.value
            } else {
                take(line.name, line.value, .file(path), isStrict: true, at: "\(path), line \(line.line): ")
            }
        }
        takeProxies(proxies, .file(path))
    }

    /// The proxy variables of one source: which of several spellings counts is judged within it.
    private mutating func takeProxies(_ variables: [String: String], _ origin: Origin) {
        for (kind, found) in ProxyVariables.effective(variables) {
            if let setting = SettingName.proxies[kind] { given[setting] = Given(text: found.value, origin: origin) }
        }
    }

    private static func isProxy(_ name: String) -> Bool {
        SettingName.proxies.values.contains { $0.rawValue == name.uppercased() }
    }

    /// - Parameter place: where it stands, as a problem's message begins; empty where its name says it all.
    private mutating func take(
        _ name: String, _ value: String, _ origin: Origin, isStrict: Bool, at place: String = ""
    ) {
        if name == "USE_PARAMETER_STORE" { return takeGuideBackend(value, origin, at: place) }
        guard let setting = SettingName.named(name) else {
            if isStrict {
                let hint = SettingName.nearest(to: name).map { ": did you mean \($0.rawValue)?" } ?? ""
                problems.append("\(place)\(name): unknown setting\(hint)")
            }
            return
        }
        // Empty is what launchers pass for "not set"; a key that is there and empty is a mistake all the same.
        // An empty list of secrets to fetch is a list.
        if value.isEmpty, setting != .apiKey, setting != .prefetch { return }
        given[setting] = Given(text: value, origin: origin)
    }

    /// The guide's switch between the two stores.
    private mutating func takeGuideBackend(_ value: String, _ origin: Origin, at place: String) {
        guard !value.isEmpty else { return }
        let backends = ["true": "parameter-store", "false": "secrets-manager"]
        guard let backend = backends[value.lowercased()] else {
            problems.append("\(place)USE_PARAMETER_STORE: must be true or false")
            return
        }
        // The setting's own name wins at the same level and above.
        if let own = given[.secretsBackend], own.origin == origin { return }
        given[.secretsBackend] = Given(text: backend, origin: origin)
    }

    /// `file:/path` stands for the file's content without the line end editors put there.
    private mutating func resolveReference(_ name: SettingName, _ readFile: (String) -> String?) {
        guard let text = given[name]?.text, text.hasPrefix("file:/") else { return }
        let path = String(text.dropFirst(5))
        // The setting is a path anyway; the file's content, which may hold secrets, is not to show in a report.
        if name == .profilesFile {
            given[name]?.text = path
            return
        }
        guard let content = readFile(path) else {
            problems.append("\(name.rawValue): cannot read \(path)")
            given[name] = nil
            return
        }
        given[name]?.text = String(decoding: FileReader.withoutLineEnd(Array(content.utf8)), as: UTF8.self)
        given[name]?.readFrom = path
    }
}
