/// The two shared files as they are at one moment, and the profile chosen in them.
package struct SharedFiles: Sendable {
    package let profile: String
    private let config: SharedConfigFile
    private let credentials: SharedConfigFile

    /// - Parameters:
    ///   - environment: without empty values.
    ///   - read: what lies at a path.
    /// - Throws: where a file is there and cannot be understood, and where a profile is named that neither has.
    package init(
        environment: [String: String], read: (String) -> SharedFileContent
    ) throws(SharedConfigError) {
        let named = try Self.named(environment)
        profile = named ?? "default"
        let places = try SharedFilePlaces(environment: environment)
        config = try Self.file(places.config, .config, read)
        credentials = try Self.file(places.credentials, .credentials, read)
        if let named, !has(named) {
            throw SharedConfigError(
                path: nil, "the profile \(named) is neither in \(config.path) nor in \(credentials.path); \(known)")
        }
    }

    /// botocore prefers the one variable, the other SDKs the other.
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

    /// What a profile could be called, for a message: some names, in their order.
    private var known: String {
        let names = profileNames.sorted()
        let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
        return names.isEmpty ? "there is no profile at all" : "there is \(shown)"
    }

    /// Whether either file has the profile.
    package func has(_ profile: String) -> Bool {
        config.profile(profile) != nil || credentials.profile(profile) != nil
    }

    /// A profile's settings in both files; the credentials file's count where both have one. Nil where neither has the
    /// profile.
    package func profile(_ name: String) throws(SharedConfigError) -> SharedProfile? {
        let (own, other) = (config.profile(name), credentials.profile(name))
        guard let own, let other else { return own ?? other }
        for (profile, file) in [(own, config), (other, credentials)]
        where !file.isExact(profile: name) && profile.namesCredentials {
            throw profile.error(
                "white space at the brackets of [\(name)]: botocore passes the section over; take it out")
        }
        return own.overlaid(by: other)
    }

    /// The chosen profile; nil where none is named and there is no `default`.
    package func chosen() throws(SharedConfigError) -> SharedProfile? { try profile(profile) }

    /// A profile's settings in one of the files alone.
    func profile(_ name: String, in kind: SharedConfigFile.Kind) -> SharedProfile? {
        switch kind {
        case .config: config.profile(name)
        case .credentials: credentials.profile(name)
        }
    }

    /// `[sso-session NAME]` of the config file.
    package func ssoSession(_ name: String) -> SharedProfile? { config.ssoSession(name) }

    /// What the chosen profile's `services` section gives as a service's endpoint.
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
