internal import LatchkeyCore
internal import LatchkeyHTTP

/// The endpoints that AWS itself provides, by service and region.
struct RegionalEndpoints: Sendable {
    /// `AWS_USE_FIPS_ENDPOINT`.
    var usesFIPS = false
    /// `AWS_USE_DUALSTACK_ENDPOINT`.
    var usesDualStack = false

    func endpoint(of service: AWSService, in region: String) -> AWSEndpoint {
        AWSEndpoint(origin: Origin(scheme: .https, host: host(of: service, in: region)))
    }

    private func host(of service: AWSService, in region: String) -> String {
        let partition = AWSPartition(region: region)
        // Parameter Store's ordinary endpoints in us-gov are FIPS endpoints (AWS's endpoint rules for ssm).
        let isMarked = usesFIPS && !(service == .parameterStore && partition.name == "aws-us-gov" && !usesDualStack)
        let suffix = usesDualStack ? partition.dualStackSuffix : partition.suffix
        return "\(service.hostLabel)\(isMarked ? "-fips" : "").\(region).\(suffix)"
    }

    /// Whether `text` can be a region: a label of a host name, not of digits alone, as in botocore.
    static func isRegion(_ text: String) -> Bool {
        return (1...63).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: "-")
            && text.utf8.last != UInt8(ascii: "-") && !text.utf8.allSatisfy(ASCII.isDigit)
            && text.utf8.allSatisfy { ASCII.isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }
}
