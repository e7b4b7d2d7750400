internal import LatchkeyCore
internal import LatchkeyHTTP

/// Where a container gets its credentials (AWS SDKs and Tools Reference Guide, "Container credential provider").
package struct ContainerEndpoint: Hashable, Sendable {
    private static let relativeName = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let fullName = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    /// The ECS agent, to which a relative URI refers.
    private static let ecsHost = "169.254.170.2"
    /// The agent of EKS Pod Identity.
    private static let eksHosts = ["169.254.170.23", "fd00:ec2::23"]

    package let endpoint: AWSEndpoint

    /// The relative URI takes precedence, as in the SDKs.
    /// - Parameter environment: without empty values.
    /// - Returns: nil if neither variable is set.
    package init?(environment: [String: String]) throws(AWSError) {
        if let path = environment[Self.relativeName] {
            guard path.hasPrefix("/"), Self.isTarget(path) else {
                throw .noCredentials("\(Self.relativeName) is not a path: it must begin with a slash")
            }
            endpoint = AWSEndpoint(origin: Origin(scheme: .http, host: Self.ecsHost), path: path)
        } else if let text = environment[Self.fullName] {
            endpoint = try Self.fullEndpoint(text)
        } else {
            return nil
        }
    }

    private static func fullEndpoint(_ text: String) throws(AWSError) -> AWSEndpoint {
        let base = text.prefix { $0 != "?" }
        let query = text.dropFirst(base.count)
        guard var endpoint = AWSEndpoint(String(base)), isTarget(endpoint.path + query) else {
            throw .noCredentials("\(fullName) is not an http or https URL")
        }
        endpoint.path += query
        guard endpoint.origin.scheme == .https || allowsPlainHTTP(endpoint.origin.host) else {
            let agents = ([ecsHost] + eksHosts).map { Origin(scheme: .http, host: $0).authority }
            throw .noCredentials(
                "\(fullName): plain http is allowed only for loopback and \(agents.joined(separator: ", ")); use https")
        }
        return endpoint
    }

    /// Whether plain http may be used: to loopback and the agents. Any other host would receive the authorization token
    /// in clear text, and could return credentials of its choice. Names are not looked up.
    private static func allowsPlainHTTP(_ host: String) -> Bool {
        let host = host.lowercased()
        return Loopback.contains(host) || host == "0:0:0:0:0:0:0:1" || host == ecsHost || eksHosts.contains(host)
    }

    /// Whether `text` can stand in a request line unchanged.
    private static func isTarget(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { ASCII.isVisible($0) && $0 != UInt8(ascii: "#") }
    }
}
