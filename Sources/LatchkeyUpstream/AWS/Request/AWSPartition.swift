/// A group of regions that share a DNS suffix.
package struct AWSPartition: Hashable, Sendable {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    package let name: String
    package let suffix: String
    package let dualStackSuffix: String

    /// The partition of a region, by the prefixes that AWS publishes. An unknown prefix means `aws`, as in the SDKs.
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
