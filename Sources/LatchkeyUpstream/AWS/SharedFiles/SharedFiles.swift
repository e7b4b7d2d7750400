/// The two shared files, both read at the same time, and the selected profile.
package struct SharedFiles: Sendable {
    /// The name of the selected profile.
    package let profile: String
    private let config: SharedConfigFile
    private let credentials: SharedConfigFile

    /// - Parameters:
    ///   - environment: without empty values.
    ///   - read: reads the file at a path.
    /// - Throws: for a file that is not valid, and for a selected profile that neither file has.
    package init(
        environment: [String: String], read: (String) -> SharedFileContent
    ) throws(SharedConfigError) {
        let named = try Self.named(environment)
        profile = named ?? "default"
        let paths = try SharedFilePaths(environment: environment)
        config = try Self.file(paths.config, .config, read)
        credentials = try Self.file(paths.credentials, .credentials, read)
        if let named, !has(named) {
            throw SharedConfigError(
                path: nil, "the profile \(named) is neither in \(config.path) nor in \(credentials.path); \(known)")
        }
    }

    /// Both variables name the profile, and SDKs differ in which of them they prefer.
    private static func named(_ environment: [String: String]) throws(SharedConfigError) -> String? {
        let (name, other) = (environment["AWS_PROFILE"], environment["AWS_DEFAULT_PROFILE"])
        guard name == nil || other == nil || name == other else {
            throw SharedConfigError(path: nil, "AWS_DEFAULT_PROFILE names another profile: unset one of the two")
        }
        return name ?? other
    }

    private static func file(
        _ path: String, _ kind: SharedConfigFile.Kind, _ read: (String) -> SharedFileContent
    ) throws(SharedConfigError) -> SharedConfigFile {
        switch read(path) {
        case .absent: return SharedConfigFile(absent: path)
        case .bytes(let bytes): return try SharedConfigFile(bytes, path: path, kind: kind)
        case .unreadable(let why):
            throw SharedConfigError(path: path, "cannot be read: \(why)")
        }
    }

    // MARK: Sections

    /// The names of all profiles.
    package var profileNames: Set<String> { Set(config.profileNames + credentials.profileNames) }

    /// Some of the profiles, sorted, for an error message.
    private var known: String {
        let names = profileNames.sorted()
        let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
        return names.isEmpty ? "there is no profile at all" : "there is \(shown)"
    }

    /// Whether either file has the profile.
    package func has(_ profile: String) -> Bool {
        config.profile(profile) != nil || credentials.profile(profile) != nil
    }

    /// A profile's settings from both files. If both have a setting, the credentials file's counts. Nil if neither has
    /// the profile.
    package func profile(_ name: String) throws(SharedConfigError) -> SharedProfile? {
        let (own, other) = (config.profile(name), credentials.profile(name))
        guard let own, let other else { return own ?? other }
        for (profile, file) in [(own, config), (other, credentials)]
        where !file.isExact(profile: name) && profile.namesCredentials {
            throw profile.error(
                "white space at the brackets of [\(name)]: botocore ignores the section; remove the white space")
        }
        return own.overlaid(by: other)
    }

    /// The selected profile; nil if none is selected and there is no `default`.
    package func chosen() throws(SharedConfigError) -> SharedProfile? { try profile(profile) }

    /// A profile's settings in one of the files.
    func profile(_ name: String, in kind: SharedConfigFile.Kind) -> SharedProfile? {
        switch kind {
        case .config: config.profile(name)
        case .credentials: credentials.profile(name)
        }
    }

    /// `[sso-session NAME]` of the config file.
    package func ssoSession(_ name: String) -> SharedProfile? { config.ssoSession(name) }

    /// The endpoint of a service in the `services` section that the selected profile names.
    func serviceEndpoint(_ service: String) throws(SharedConfigError) -> String? {
        guard let profile = try chosen(),
            let name = try profile.reference("services", { config.services($0) != nil })
        else { return nil }
        guard let services = config.services(name), !services.names.isEmpty else {
            throw profile.error("services", "there is nothing in a section [services \(name)] of \(config.path)")
        }
        return try services.nested(service, "endpoint_url")
    }
}
