internal import LatchkeyHTTP

/// Where the metadata service of an EC2 instance is (AWS SDKs and Tools Reference Guide, "IMDS credential provider").
enum InstanceMetadataEndpoint: Hashable, Sendable {
    case at(AWSEndpoint)
    /// `AWS_EC2_METADATA_DISABLED`.
    case disabled

    /// - Parameters:
    ///   - environment: without empty values. Takes precedence over the profile.
    ///   - profile: the selected profile of both files.
    init(environment: [String: String], profile: SharedProfile?) throws(SharedConfigError) {
        if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" {
            self = .disabled
            return
        }
        let setting = "ec2_metadata_service_endpoint"
        if let url = try Self.value(of: "AWS_EC2_METADATA_SERVICE_ENDPOINT", in: environment, or: setting, of: profile) {
            guard var endpoint = AWSEndpoint(url) else {
                throw Self.error(setting, "AWS_EC2_METADATA_SERVICE_ENDPOINT must be http://host:port", profile)
            }
            if endpoint.path.hasSuffix("/") { endpoint.path.removeLast() }
            self = .at(endpoint)
            return
        }
        let modeSetting = "ec2_metadata_service_endpoint_mode"
        let mode = try Self.value(
            of: "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", in: environment, or: modeSetting, of: profile)
        let host: String
        switch (mode ?? "IPv4").lowercased() {
        case "ipv4": host = "169.254.169.254"
        case "ipv6": host = "fd00:ec2::254"
        default:
            throw Self.error(
                modeSetting, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE must be IPv4 or IPv6", profile)
        }
        self = .at(AWSEndpoint(origin: Origin(scheme: .http, host: host), path: ""))
    }

    private static func value(
        of variable: String, in environment: [String: String], or setting: String, of profile: SharedProfile?
    ) throws(SharedConfigError) -> String? {
        if let value = environment[variable] { return value }
        return try profile?.setting(setting)
    }

    /// An error at the profile's setting if it has one, else about the variable.
    private static func error(_ setting: String, _ reason: String, _ profile: SharedProfile?) -> SharedConfigError {
        guard let profile, profile.has(setting) else { return SharedConfigError(path: nil, reason) }
        return profile.error(setting, reason)
    }
}
