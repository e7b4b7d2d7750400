internal import LatchkeyMetrics

/// The AWS services Latchkey speaks to.
package enum AWSService: String, Hashable, Sendable, CaseIterable {
    case parameterStore = "ssm"
    case secretsManager = "secretsmanager"

    /// The name requests are signed for, and the first label of the service's host name.
    package var name: String { rawValue }

    /// What stands before the operation in `X-Amz-Target`.
    var targetPrefix: String {
        switch self {
        case .parameterStore: "AmazonSSM"
        case .secretsManager: "secretsmanager"
        }
    }

    /// The service's part of `AWS_ENDPOINT_URL_…` ("Service-specific endpoints", AWS SDKs and Tools Reference Guide).
    package var environmentName: String {
        switch self {
        case .parameterStore: "SSM"
        case .secretsManager: "SECRETS_MANAGER"
        }
    }

    /// The service's key in a `services` section of the config file.
    var configName: String { environmentName.lowercased() }

    var upstream: Upstream {
        switch self {
        case .parameterStore: .parameterStore
        case .secretsManager: .secretsManager
        }
    }
}

/// A group of regions with a DNS suffix of its own.
package struct AWSPartition: Hashable, Sendable {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    package let name: String
    package let suffix: String
    package let dualStackSuffix: String

    /// The partition of a region, by the prefixes AWS publishes; one nobody knows is taken for `aws`, as the SDKs do.
    package init(region: String) {
        let known: [(prefix: String, AWSPartition)] = [
            ("cn-", AWSPartition("aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn")),
            ("us-gov-", AWSPartition("aws-us-gov", "amazonaws.com", "api.aws")),
            ("eusc-", AWSPartition("aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu")),
            ("us-isob-", AWSPartition("aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud")),
            ("us-isof-", AWSPartition("aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov")),
            ("eu-isoe-", AWSPartition("aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk")),
            ("us-iso-", AWSPartition("aws-iso", "c2s.ic.gov", "api.aws.ic.gov")),
        ]
        self =
            known.first { region.hasPrefix($0.prefix) }?.1 ?? AWSPartition("aws", "amazonaws.com", "api.aws")
    }

    private init(_ name: String, _ suffix: String, _ dualStackSuffix: String) {
        self.name = name
        self.suffix = suffix
        self.dualStackSuffix = dualStackSuffix
    }
}
