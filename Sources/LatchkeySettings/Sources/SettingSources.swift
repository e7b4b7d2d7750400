internal import LatchkeyCore
internal import LatchkeyHTTP

/// The texts of the settings. Flags win over the environment, that over the file, and that over the default.
package struct SettingSources: Sendable {
    /// The source of a value.
    package enum Origin: Hashable, Sendable, CustomStringConvertible {
        case flag
        case environment
        case file(String)
        case defaultValue

        package var description: String {
            switch self {
            case .flag: "flag"
            case .environment: "environment"
            case .file(let path): "file \(path)"
            case .defaultValue: "default"
            }
        }
    }

    /// The text of one setting.
    package struct Given: Sendable {
        package var text: String
        package var origin: Origin
        /// The file that the text was read from, if the value is `file:/path`.
        package var readFrom: String?
    }

    package private(set) var given: [SettingName: Given] = [:]
    package private(set) var problems: [String] = []
    /// The `AWS_*` lines of the settings file. The environment wins over them.
    package private(set) var awsDefaults: [String: String] = [:]

    /// The path of the settings file; nil if none is named.
    package private(set) var settingsFile: String?
    /// Whether the settings file can be read and every line of it is understood. True without one.
    package private(set) var isFileUsable = true
    /// The environment variables that have a value.
    private var environmentNames: Set<String> = []

    /// - Parameters:
    ///   - flags: the values from the command line.
    ///   - environment: the process's environment. An unknown name that begins with `LATCHKEY_` is a problem.
    ///   - readFile: returns the text of a file, or nil if it cannot be read.
    package init(flags: [SettingName: String], environment: [String: String], readFile: (String) -> String?) {
        for name in SettingName.allCases {
            if let text = name.row.defaultValue { given[name] = Given(text: text, origin: .defaultValue) }
        }
        if let path = flags[.config] ?? environment[SettingName.config.rawValue], !path.isEmpty {
            settingsFile = path
            if let text = readFile(path) {
                readSettingsFile(text, path: path)
            } else {
                isFileUsable = false
                problems.append("\(SettingName.config.rawValue): \(Self.unreadable(path))")
            }
        }
        environmentNames = Set(environment.filter { !$0.value.isEmpty }.keys)
        takeProxies(environment, .environment)
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where !Self.isProxy(name) {
            take(name, value, .environment, isStrict: name.hasPrefix("LATCHKEY_"))
        }
        for (name, value) in flags { given[name] = Given(text: value, origin: .flag) }
        for name in given.keys { resolveReference(name, readFile) }
    }

    /// The source of an `AWS_*` variable that has a value.
    func origin(ofAWS name: String) -> String {
        let origin = settingsFile.map { Origin.file($0) } ?? .environment
        return (environmentNames.contains(name) ? .environment : origin).description
    }

    private mutating func readSettingsFile(_ text: String, path: String) {
        var proxies: [String: String] = [:]
        let file = SettingsFile(text)
        if Self.problem(in: file) != nil { isFileUsable = false }
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

    /// What is wrong with the text of a settings file, without regard to the values; nil if nothing is. Names a line and shows
    /// no value.
    package static func problem(ofFile text: String) -> String? { problem(in: SettingsFile(text)) }

    private static func problem(in file: SettingsFile) -> String? {
        if let error = file.errors.first { return "line \(error.line): \(error.reason)" }
        let unknown = file.assignments.first { line in
            !line.name.hasPrefix("AWS_") && !isProxy(line.name) && line.name != useParameterStore
                && SettingName.named(line.name) == nil
        }
        return unknown.map { "line \($0.line): unknown setting" }
    }

    /// Uses the text of `other` for one setting.
    mutating func take(_ name: SettingName, of other: SettingSources) { given[name] = other.given[name] }

    /// Takes the proxy variables of one source. Which of several spellings counts is decided within the source.
    private mutating func takeProxies(_ variables: [String: String], _ origin: Origin) {
        for (kind, found) in ProxyVariables.effective(variables) {
            if let setting = SettingName.proxies[kind] { given[setting] = Given(text: found.value, origin: origin) }
        }
    }

    private static func isProxy(_ name: String) -> Bool {
        SettingName.proxies.values.contains { $0.rawValue == name.uppercased() }
    }

    /// - Parameter place: the beginning of a problem's message, such as `/path, line 3: `.
    private mutating func take(
        _ name: String, _ value: String, _ origin: Origin, isStrict: Bool, at place: String = ""
    ) {
        if name == Self.useParameterStore { return takeUseParameterStore(value, origin, at: place) }
        guard let setting = SettingName.named(name) else {
            if isStrict {
                let hint = SettingName.nearest(to: name).map { ": did you mean \($0.rawValue)?" } ?? ""
                problems.append("\(place)\(name): unknown setting\(hint)")
            }
            return
        }
        // Launchers pass an empty variable for an unset one. But an empty key is a mistake, and an empty list of secrets to
        // prefetch is a valid list.
        if value.isEmpty, setting != .apiKey, setting != .prefetch { return }
        given[setting] = Given(text: value, origin: origin)
    }

    /// The variable by which applications of the migration guide choose between the two stores.
    private static let useParameterStore = "USE_PARAMETER_STORE"

    private mutating func takeUseParameterStore(_ value: String, _ origin: Origin, at place: String) {
        guard !value.isEmpty else { return }
        let backends = ["true": "parameter-store", "false": "secrets-manager"]
        guard let backend = backends[value.lowercased()] else {
            problems.append("\(place)\(Self.useParameterStore): must be true or false")
            return
        }
        // LATCHKEY_SECRETS_BACKEND wins over this variable in the same source, and in a source that wins.
        if let own = given[.secretsBackend], own.origin == origin { return }
        given[.secretsBackend] = Given(text: backend, origin: origin)
    }

    /// Replaces `file:/path` by the content of the file, without the line end at its end.
    private mutating func resolveReference(_ name: SettingName, _ readFile: (String) -> String?) {
        guard let text = given[name]?.text, let path = FileReference.path(text) else { return }
        // Each item of these lists is a path, as SettingsReader reads it.
        if [.tlsCert, .tlsKey, .tlsClientCA].contains(name) { return }
        // The key need not be text.
        if name == .warmKey { return }
        // This setting is a path anyway, and the content, which may hold secrets, must not appear in a report.
        if name == .profilesFile {
            given[name]?.text = path
            return
        }
        guard let content = readFile(path) else {
            problems.append("\(name.rawValue): \(Self.unreadable(path))")
            given[name] = nil
            return
        }
        given[name]?.text = String(decoding: FileReader.withoutLineEnd(Array(content.utf8)), as: UTF8.self)
        given[name]?.readFrom = path
    }

    /// The problem with a file that cannot be read.
    static func unreadable(_ path: String) -> String {
        "cannot read \(path): check that the file exists and that this process may read it"
    }
}
