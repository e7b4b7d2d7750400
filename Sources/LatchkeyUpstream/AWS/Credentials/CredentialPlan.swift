/// How a profile's credentials are to be had: what the shared files say, read without asking anybody.
indirect enum CredentialPlan: Sendable {
    case keys(AWSCredentials)
    case webIdentity(WebIdentity)
    case singleSignOn(SingleSignOn)
    case process(String)
    /// `credential_source`: `Environment`, `EcsContainer`, `Ec2InstanceMetadata`.
    case named(CredentialSource)
    case assumeRole(AssumedRole, source: CredentialPlan)

    /// Roles assumed one through the other, at the most.
    static let longestChain = 10

    /// The plan of a profile that assumes a role with other credentials; nil for one that does not.
    init?(assuming profile: String, in files: SharedFiles) throws(AWSError) {
        guard let settings = files.settings(of: profile), Self.assumesRole(settings) else { return nil }
        self = try Self.assumed(profile, settings, files, visited: [profile])
    }

    /// One with a token file is a web identity, whatever stands beside it (botocore, `_has_assume_role_config_vars`).
    private static func assumesRole(_ settings: [String: String]) -> Bool {
        settings["role_arn"] != nil && settings["web_identity_token_file"] == nil
    }

    private static func assumed(
        _ profile: String, _ settings: [String: String], _ files: SharedFiles, visited: [String]
    ) throws(AWSError) -> CredentialPlan {
        let role = try AssumedRole(arn: settings["role_arn"] ?? "", profile: settings, name: profile)
        switch (settings["source_profile"], settings["credential_source"]) {
        case (nil, nil): throw .credentials("profile \(profile) has neither source_profile nor credential_source")
        case (.some, .some): throw .credentials("profile \(profile) has both source_profile and credential_source")
        case (nil, let name?):
            guard let named = named(name) else {
                throw .credentials(
                    "credential_source of profile \(profile) must be Environment, EcsContainer or Ec2InstanceMetadata")
            }
            return .assumeRole(role, source: .named(named))
        case (let source?, nil):
            return .assumeRole(role, source: try plan(ofSource: source, for: profile, files, visited: visited))
        }
    }

    /// The names are compared without case, as in the SDKs.
    private static func named(_ name: String) -> CredentialSource? {
        switch name.lowercased() {
        case "environment": .environment
        case "ecscontainer": .container
        case "ec2instancemetadata": .instance
        default: nil
        }
    }

    /// The plan of a profile that another names as its source. One that has keys ends a chain, be it the first itself.
    private static func plan(
        ofSource source: String, for profile: String, _ files: SharedFiles, visited: [String]
    ) throws(AWSError) -> CredentialPlan {
        guard let settings = files.settings(of: source) else {
            throw .credentials("source_profile \(source) of profile \(profile) is in neither shared file")
        }
        let hasKeys = settings["aws_access_key_id"] != nil && settings["aws_secret_access_key"] != nil
        if hasKeys || !assumesRole(settings) { return try ownPlan(source, settings, files) }
        guard !visited.contains(source) else {
            throw .credentials("the profiles \((visited + [source]).joined(separator: " → ")) go round in a circle")
        }
        guard visited.count < longestChain else {
            throw .credentials("more than \(longestChain) profiles name one another as source_profile")
        }
        return try assumed(source, settings, files, visited: visited + [source])
    }

    /// What a source profile has of its own, in the chain's order.
    private static func ownPlan(
        _ profile: String, _ settings: [String: String], _ files: SharedFiles
    ) throws(AWSError) -> CredentialPlan {
        if let identity = try WebIdentity.find(environment: [:], profile: settings) { return .webIdentity(identity) }
        if let signOn = try SingleSignOn(profile: profile, settings, files) { return .singleSignOn(signOn) }
        if case .found(let keys) = try CredentialContext.keys(files.credentials(of: profile), of: profile) {
            return .keys(keys)
        }
        if let command = settings["credential_process"] { return .process(command) }
        if case .found(let keys) = try CredentialContext.keys(files.config(of: profile), of: profile) {
            return .keys(keys)
        }
        throw .credentials("source_profile \(profile) has no credentials")
    }
}
