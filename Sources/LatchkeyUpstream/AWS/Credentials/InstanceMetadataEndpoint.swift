internal import LatchkeyHTTP

/// Where the metadata service of an EC2 instance is (AWS SDKs and Tools Reference Guide, "IMDS credential provider").
enum InstanceMetadataEndpoint: Hashable, Sendable {
    case at(AWSEndpoint)
    /// `AWS_EC2_METADATA_DISABLED`.
    case disabled

    private static let urlVariable = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
    private static let urlSetting = "ec2_metadata_service_endpoint"
    private static let modeVariable = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
    private static let modeSetting = "ec2_metadata_service_endpoint_mode"

    /// - Parameters:
    ///   - environment: without empty values. Takes precedence over the profile.
    ///   - profile: the selected profile of both files.
    init(environment: [String: String], profile: SharedProfile?) throws(SharedConfigError) {
        if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" {
            self = .disabled
            return
        }
        var url = environment[Self.urlVariable]
        if url == nil { url = try profile?.setting(Self.urlSetting) }
        if let url {
            guard var endpoint = AWSEndpoint(url) else {
                throw Self.error(Self.urlSetting, "\(Self.urlVariable) must be http://host:port", profile)
            }
            if endpoint.path.hasSuffix("/") { endpoint.path.removeLast() }
            self = .at(endpoint)
            return
        }
        var mode = environment[Self.modeVariable]
        if mode == nil { mode = try profile?.setting(Self.modeSetting) }
        let host: String
        switch (mode ?? "IPv4").lowercased() {
        case "ipv4": host = "169.254.169.254"
        case "ipv6": host = "fd00:ec2::254"
        default:
            throw Self.error(Self.modeSetting, "\(Self.modeVariable) must be IPv4 or IPv6", profile)
        }
        self = .at(AWSEndpoint(origin: Origin(scheme: .http, host: host), path: ""))
    }

    /// An error at the profile's setting if it has one, else about the variable.
    private static func error(_ setting: String, _ reason: String, _ profile: SharedProfile?) -> SharedConfigError {
        guard let profile, profile.has(setting) else { return SharedConfigError(path: nil, reason) }
        return profile.error(setting, reason)
    }
}
