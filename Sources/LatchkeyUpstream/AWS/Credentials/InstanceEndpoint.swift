internal import LatchkeyHTTP

/// Where an EC2 instance's metadata service is ("IMDS credential provider", AWS SDKs and Tools Reference Guide).
enum InstanceEndpoint: Hashable, Sendable {
    case at(AWSConfiguration.Endpoint)
    /// `AWS_EC2_METADATA_DISABLED`.
    case disabled

    /// - Parameters:
    ///   - environment: without empty values; it wins over the profile.
    ///   - profile: of the config file.
    init(environment: [String: String], profile: [String: String]) throws(AWSError) {
        if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" {
            self = .disabled
            return
        }
        let own = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? profile["ec2_metadata_service_endpoint"]
        if let own {
            guard var endpoint = AWSConfiguration.endpoint(own) else {
                throw .credentials("AWS_EC2_METADATA_SERVICE_ENDPOINT must be http://host:port")
            }
            if endpoint.path.hasSuffix("/") { endpoint.path.removeLast() }
            self = .at(endpoint)
            return
        }
        let mode =
            environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] ?? profile["ec2_metadata_service_endpoint_mode"]
        let host: String
        switch (mode ?? "IPv4").lowercased() {
        case "ipv4": host = "169.254.169.254"
        case "ipv6": host = "fd00:ec2::254"
        default: throw .credentials("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE must be IPv4 or IPv6")
        }
        self = .at(AWSConfiguration.Endpoint(origin: Origin(scheme: .http, host: host), path: ""))
    }
}
