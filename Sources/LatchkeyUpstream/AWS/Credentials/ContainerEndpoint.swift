internal import LatchkeyCore
internal import LatchkeyHTTP

/// Where a container asks for its credentials ("Container credential provider", AWS SDKs and Tools Reference Guide).
package struct ContainerEndpoint: Hashable, Sendable {
    /// ECS's agent: what a relative URI is relative to.
    static let ecsHost = "169.254.170.2"
    /// Hosts that plain http may go to, besides loopback: the agents of ECS and of EKS Pod Identity. Any other would see
    /// the authorization token on the wire, and could hand out credentials of its choice.
    static let plainHosts: Set<String> = [ecsHost, "169.254.170.23", "fd00:ec2::23", "localhost"]

    package let endpoint: AWSConfiguration.Endpoint

    /// What the environment says; the relative URI wins, as in the SDKs.
    /// - Parameter environment: without empty values.
    /// - Returns: nil where neither variable is set.
    package init?(environment: [String: String]) throws(AWSError) {
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
            guard path.hasPrefix("/"), Self.isTarget(path) else {
                throw .credentials("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path")
            }
            endpoint = AWSConfiguration.Endpoint(origin: Origin(scheme: .http, host: Self.ecsHost), path: path)
        } else if let text = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
            endpoint = try Self.full(text)
        } else {
            return nil
        }
    }

    private static func full(_ text: String) throws(AWSError) -> AWSConfiguration.Endpoint {
        let base = text.prefix { $0 != "?" }
        let query = text.dropFirst(base.count)
        guard var endpoint = AWSConfiguration.endpoint(String(base)), isTarget(endpoint.path + query) else {
            throw .credentials("AWS_CONTAINER_CREDENTIALS_FULL_URI is no http or https URL")
        }
        endpoint.path += query
        guard endpoint.origin.scheme == .https || isPlainHost(endpoint.origin.host) else {
            throw .credentials(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI: plain http goes to loopback, \(ecsHost), 169.254.170.23 and "
                    + "[fd00:ec2::23] alone")
        }
        return endpoint
    }

    /// 127.0.0.0/8, ::1 and the hosts of the list; a name is never looked up to find out.
    static func isPlainHost(_ host: String) -> Bool {
        let host = host.lowercased()
        if plainHosts.contains(host) || host == "::1" || host == "0:0:0:0:0:0:0:1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isAddress = parts.count == 4 && parts.allSatisfy { $0.utf8.allSatisfy(Grammar.isDigit) && UInt8($0) != nil }
        return isAddress && parts.first == "127"
    }

    /// Whether a text can stand in a request line as it is.
    private static func isTarget(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
    }
}
