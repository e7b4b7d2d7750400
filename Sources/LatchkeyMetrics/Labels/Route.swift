/// A route of the HTTP API.
package enum Route: Int, Label {
    case token, tokenProfile, tokenRejected, secret, secrets, cacheClear, health, livez, readyz, metrics, oauthToken,
        openAPI
    case aws, extensionParameters, extensionSecrets
    /// A path that is not a route.
    case other

    package var label: String {
        switch self {
        case .token: "token"
        case .tokenProfile: "token_profile"
        case .tokenRejected: "token_rejected"
        case .secret: "secret"
        case .secrets: "secrets"
        case .cacheClear: "cache_clear"
        case .health: "health"
        case .livez: "livez"
        case .readyz: "readyz"
        case .metrics: "metrics"
        case .oauthToken: "oauth_token"
        case .aws: "aws"
        case .extensionParameters: "extension_parameters"
        case .extensionSecrets: "extension_secrets"
        case .openAPI: "openapi"
        case .other: "other"
        }
    }
}
