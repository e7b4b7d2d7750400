/// A service outside the process.
package enum Upstream: Int, Label {
    case parameterStore, secretsManager, sts, auth0, oauth2, dynamodb, credentials, lambda

    package var label: String {
        switch self {
        case .parameterStore: "parameter_store"
        case .secretsManager: "secrets_manager"
        case .sts: "sts"
        case .auth0: "auth0"
        case .oauth2: "oauth2"
        case .dynamodb: "dynamodb"
        case .credentials: "credentials"
        case .lambda: "lambda"
        }
    }
}
