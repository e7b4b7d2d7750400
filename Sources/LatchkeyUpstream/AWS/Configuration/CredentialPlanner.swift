/// Finds the credential plan in the environment and the shared files. Pure: makes no request.
package struct CredentialPlanner: Sendable {
    /// Roles that may be assumed one with the credentials of the next.
    static let maxRoles = 10

    /// Without empty values.
    let environment: [String: String]
    package let files: SharedFiles

    package init(environment: [String: String], files: SharedFiles) {
        self.environment = environment
        self.files = files
    }

    /// The first source after the environment's keys that is configured; nil if none is.
    /// - Throws: if a source is configured and cannot be used. Later sources are not tried then.
    package func decide() throws(SharedConfigError) -> (source: CredentialSource, plan: CredentialPlan)? {
        if let plan = try assumeRole() { return (.assumeRole, plan) }
        if let plan = try webIdentity() { return (.webIdentity, plan) }
        if let plan = try singleSignOn() { return (.singleSignOn, plan) }
        if let plan = try keys(in: .credentials) { return (.credentialsFile, plan) }
        if let plan = try process() { return (.process, plan) }
        if let plan = try keys(in: .config) { return (.configFile, plan) }
        return nil
    }

    // MARK: The selected profile

    func webIdentity() throws(SharedConfigError) -> CredentialPlan? {
        try WebIdentity.find(environment: environment, profile: files.chosen()).map { .webIdentity($0) }
    }

    func singleSignOn() throws(SharedConfigError) -> CredentialPlan? {
        guard let profile = try files.chosen() else { return nil }
        return try SSOProfile(profile, files).map { .singleSignOn($0) }
    }

    func keys(in kind: SharedConfigFile.Kind) throws(SharedConfigError) -> CredentialPlan? {
        if let keys = try ProfileKeys.find(files.profile(files.profile, in: kind)) { return .keys(keys) }
        // botocore reads the keys in its oldest kind of file after those of the profile.
        if kind == .config, environment["AWS_CREDENTIAL_FILE"] != nil {
            throw SharedConfigError(
                path: nil, "AWS_CREDENTIAL_FILE is not read: put the keys into the shared credentials file and unset it"
            )
        }
        return nil
    }

    func process() throws(SharedConfigError) -> CredentialPlan? {
        guard let profile = try files.chosen() else { return nil }
        return try Self.process(of: profile)
    }

    /// Refuses `login_session`: only the AWS CLI can read the credentials of `aws login`, and botocore looks for them
    /// before it looks for a command.
    private static func process(of profile: SharedProfile) throws(SharedConfigError) -> CredentialPlan? {
        guard !profile.has("login_session") else {
            throw profile.error(
                "login_session",
                "login_session of profile \(profile.name) is not supported: use an SSO session, a role or "
                    + "credential_process = aws configure export-credentials")
        }
        guard let command = try profile.command("credential_process") else { return nil }
        guard words(of: command) != nil else { throw profile.error("credential_process", notACommand) }
        return .process(command)
    }

    /// The program of a `credential_process` and its arguments; nil if the command line has no program or is not valid.
    static func words(of command: String) -> [String]? {
        guard let words = try? ShellWords.split(command), let program = words.first, !program.isEmpty else {
            return nil
        }
        return words
    }

    static let notACommand = "credential_process is not a command: a quote is open, or it is empty"

    // MARK: Roles

    /// The plan of the selected profile if it assumes a role with other credentials; nil if it does not.
    func assumeRole() throws(SharedConfigError) -> CredentialPlan? {
        guard let profile = try files.chosen(), Self.assumesRole(profile) else { return nil }
        try rejectCycle(from: profile)
        return try role(of: profile, depth: 1)
    }

    /// A profile with a token file is a web identity, whatever else it has (botocore, `_has_assume_role_config_vars`).
    private static func assumesRole(_ profile: SharedProfile) -> Bool {
        profile.has("role_arn") && !profile.has("web_identity_token_file")
    }

    private static func hasKeys(_ profile: SharedProfile) -> Bool {
        profile.has("aws_access_key_id") || profile.has("aws_secret_access_key")
    }

    private func source(of profile: SharedProfile) throws(SharedConfigError) -> String? {
        try profile.reference("source_profile") { files.has($0) }
    }

    /// Throws if the `source_profile` settings form a cycle, even if keys in one of its profiles would end the chain: a
    /// cycle is a mistake in the file. A profile that names itself as the source of its own keys is allowed.
    private func rejectCycle(from first: SharedProfile) throws(SharedConfigError) {
        var profile = first
        var visited: Set<[UInt8]> = [Array(first.name.utf8)]
        while Self.assumesRole(profile), let name = try? source(of: profile) {
            guard visited.insert(Array(name.utf8)).inserted else {
                let isOwnSource = name.utf8.elementsEqual(profile.name.utf8)
                if isOwnSource, Self.hasKeys(profile) { return }
                throw profile.error(
                    "source_profile", "source_profile \(name) of profile \(profile.name) forms a cycle of profiles")
            }
            guard let next = try? files.profile(name) else { return }
            profile = next
        }
    }

    private func role(of profile: SharedProfile, depth: Int) throws(SharedConfigError) -> CredentialPlan {
        guard depth <= Self.maxRoles else {
            throw profile.error(
                "source_profile", "more than \(Self.maxRoles) profiles name one another as source_profile")
        }
        guard let role = try AssumedRole(profile) else { throw profile.error("there is no role_arn") }
        switch (profile.has("source_profile"), profile.has("credential_source")) {
        case (false, false):
            throw profile.error(
                "role_arn", "profile \(profile.name) has a role_arn and neither source_profile nor credential_source")
        case (true, true):
            throw profile.error(
                "credential_source", "profile \(profile.name) has both source_profile and credential_source")
        case (false, true): return .assumeRole(role, source: .named(try Self.namedSource(of: profile)))
        case (true, false): return .assumeRole(role, source: try plan(ofSourceOf: profile, depth: depth))
        }
    }

    private static func namedSource(of profile: SharedProfile) throws(SharedConfigError) -> CredentialSource {
        switch try profile.text("credential_source") {
        case "Environment": return .environment
        case "EcsContainer": return .container
        case "Ec2InstanceMetadata": return .instance
        default:
            throw profile.error(
                "credential_source",
                "credential_source of profile \(profile.name) must be Environment, EcsContainer or Ec2InstanceMetadata")
        }
    }

    /// The plan of the profile's `source_profile`. A source with keys ends the chain, even if it is the first profile.
    private func plan(ofSourceOf profile: SharedProfile, depth: Int) throws(SharedConfigError) -> CredentialPlan {
        let name = try source(of: profile) ?? ""
        guard let source = try files.profile(name) else {
            throw profile.error(
                "source_profile", "source_profile \(name) of profile \(profile.name) is in neither shared file")
        }
        guard !Self.hasKeys(source), Self.assumesRole(source) else { return try ownPlan(of: source) }
        return try role(of: source, depth: depth + 1)
    }

    /// The plan of a source profile without regard to the environment, in the order of the chain.
    private func ownPlan(of profile: SharedProfile) throws(SharedConfigError) -> CredentialPlan {
        if let identity = try WebIdentity.find(environment: [:], profile: profile) { return .webIdentity(identity) }
        if let signOn = try SSOProfile(profile, files) { return .singleSignOn(signOn) }
        if let keys = try ProfileKeys.find(files.profile(profile.name, in: .credentials)) { return .keys(keys) }
        if let command = try Self.process(of: profile) { return command }
        if let keys = try ProfileKeys.find(files.profile(profile.name, in: .config)) { return .keys(keys) }
        throw profile.error("source_profile \(profile.name) has no credentials")
    }
}
