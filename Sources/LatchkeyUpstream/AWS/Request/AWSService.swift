internal import LatchkeyMetrics

/// The AWS services Latchkey speaks to.
package enum AWSService: String, Hashable, Sendable, CaseIterable {
    case parameterStore = "ssm"
    case secretsManager = "secretsmanager"
    case dynamodb
    case lambda
    case sts
    /// IAM Identity Center's portal, which gives out a role's credentials.
    case singleSignOn = "sso"
    /// Its OpenID Connect endpoint, which renews access tokens.
    case singleSignOnTokens = "sso-oidc"

    /// The name requests are signed for.
    package var name: String { rawValue }

    /// What stands before the region in the service's host name.
    var hostLabel: String {
        switch self {
        case .singleSignOn: "portal.sso"
        case .singleSignOnTokens: "oidc"
        default: rawValue
        }
    }

    /// What stands before the operation in `X-Amz-Target`.
    var targetPrefix: String {
        switch self {
        case .parameterStore: "AmazonSSM"
        case .secretsManager: "secretsmanager"
        case .dynamodb: "DynamoDB_20120810"
        // REST and query services: the operation is in method and path, or in the form.
        case .lambda, .sts, .singleSignOn, .singleSignOnTokens: ""
        }
    }

    /// The protocol the service speaks, as `Content-Type` has it.
    var contentType: String {
        switch self {
        case .parameterStore, .secretsManager: "application/x-amz-json-1.1"
        case .dynamodb: "application/x-amz-json-1.0"
        case .lambda, .singleSignOn, .singleSignOnTokens: "application/json"
        case .sts: "application/x-www-form-urlencoded"
        }
    }

    /// The service's part of `AWS_ENDPOINT_URL_…` ("Service-specific endpoints", AWS SDKs and Tools Reference Guide).
    package var environmentName: String {
        switch self {
        case .parameterStore: "SSM"
        case .secretsManager: "SECRETS_MANAGER"
        case .dynamodb: "DYNAMODB"
        case .lambda: "LAMBDA"
        case .sts: "STS"
        case .singleSignOn: "SSO"
        case .singleSignOnTokens: "SSO_OIDC"
        }
    }

    /// The service's key in a `services` section of the config file.
    var configName: String { environmentName.lowercased() }

    var upstream: Upstream {
        switch self {
        case .parameterStore: .parameterStore
        case .secretsManager: .secretsManager
        case .dynamodb: .dynamodb
        case .lambda: .lambda
        case .sts: .sts
        case .singleSignOn, .singleSignOnTokens: .credentials
        }
    }
}

/// A quota of calls a second that a whole account shares (AWS Systems Manager endpoints and quotas).
package enum AWSQuota: Hashable, Sendable, CaseIterable {
    /// GetParameter, GetParameters and GetParametersByPath together: 40 a second by default.
    case parameterReads
    /// PutParameter: 3 a second by default.
    case parameterWrites

    /// The most writes a second this process makes, whatever it may read.
    package static let mostWrites = 3

    /// The quota a call counts towards; nil where none is kept.
    init?(_ service: AWSService, _ operation: Operation) {
        guard service == .parameterStore else { return nil }
        switch operation {
        case .putParameter, .deleteParameter, .deleteParameters: self = .parameterWrites
        default: self = .parameterReads
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
