internal import LatchkeyHTTP

/// Where an EC2 instance's metadata service is ("IMDS credential provider", AWS SDKs and Tools Reference Guide).
enum InstanceEndpoint: Hashable, Sendable {
    case at(AWSConfiguration.Endpoint)
    /// `AWS_EC2_METADATA_DISABLED`.
    case disabled

    /// - Parameters:
    ///   - environment: without empty values; it wins over the profile.
    ///   - profile: the chosen one, of both files.
    init(environment: [String: String], profile: SharedProfile?) throws(SharedConfigError) {
        if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" {
            self = .disabled
            return
        }
        var own = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
        if own == nil { own = try profile?.setting("ec2_metadata_service_endpoint") }
        if let own {
            guard var endpoint = AWSConfiguration.endpoint(own) else {
                throw Self.error(
                    "ec2_metadata_service_endpoint", "AWS_EC2_METADATA_SERVICE_ENDPOINT must be http://host:port",
                    profile)
            }
            if endpoint.path.hasSuffix("/") { endpoint.path.removeLast() }
            self = .at(endpoint)
            return
        }
        var mode = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]
        if mode == nil { mode = try profile?.setting("ec2_metadata_service_endpoint_mode") }
        let host: String
        switch (mode ?? "IPv4").lowercased() {
        case "ipv4": host = "169.254.169.254"
        case "ipv6": host = "fd00:ec2::254"
        default:
            throw Self.error(
                "ec2_metadata_service_endpoint_mode", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE must be IPv4 or IPv6",
                profile)
        }
        self = .at(AWSConfiguration.Endpoint(origin: Origin(scheme: .http, host: host), path: ""))
    }

    /// At the profile's setting where it has one, else about the variable.
    private static func error(_ setting: String, _ reason: String, _ profile: SharedProfile?) -> SharedConfigError {
        guard let profile, profile.has(setting) else { return SharedConfigError(path: nil, reason) }
        return profile.error(setting, reason)
    }
}
