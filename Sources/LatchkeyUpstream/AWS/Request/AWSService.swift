internal import LatchkeyAWS
internal import LatchkeyMetrics

/// The AWS services that Latchkey calls.
package enum AWSService: String, Hashable, Sendable, CaseIterable {
    case parameterStore = "ssm"
    case secretsManager = "secretsmanager"
    case dynamodb
    case lambda
    case sts
    /// The portal of IAM Identity Center, which hands out a role's credentials.
    case singleSignOn = "sso"
    /// The OpenID Connect endpoint of IAM Identity Center, which refreshes access tokens.
    case singleSignOnTokens = "sso-oidc"

    /// The version of the STS API, a parameter of each of its requests (AWS STS API Reference).
    static let stsVersion = "2011-06-15"

    /// The service name in the scope of a signature.
    package var name: String { rawValue }

    /// The part of the service's host name before the region.
    var hostLabel: String {
        switch self {
        case .singleSignOn: "portal.sso"
        case .singleSignOnTokens: "oidc"
        default: rawValue
        }
    }

    /// The part of `X-Amz-Target` before the operation. Empty for REST and query services, which name the operation in
    /// method and path or in the form.
    var targetPrefix: String {
        switch self {
        case .parameterStore: "AmazonSSM"
        case .secretsManager: "secretsmanager"
        case .dynamodb: "DynamoDB_20120810"
        case .lambda, .sts, .singleSignOn, .singleSignOnTokens: ""
        }
    }

    /// The `Content-Type` of the service's protocol.
    var contentType: String {
        switch self {
        case .parameterStore, .secretsManager: AWSJSON.contentType
        case .dynamodb: "application/x-amz-json-1.0"
        case .lambda, .singleSignOn, .singleSignOnTokens: "application/json"
        case .sts: "application/x-www-form-urlencoded"
        }
    }

    /// The service's part of `AWS_ENDPOINT_URL_…` (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
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

    /// The service's label in metrics.
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
