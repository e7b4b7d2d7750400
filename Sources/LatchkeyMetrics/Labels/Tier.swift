/// A tier that may answer a request, the nearest first.
package enum Tier: Int, Label {
    case memory, parameterStore, secretsManager, auth0, oauth2, dynamodb

    package var label: String {
        switch self {
        case .memory: "memory"
        case .parameterStore: "parameter_store"
        case .secretsManager: "secrets_manager"
        case .auth0: "auth0"
        case .oauth2: "oauth2"
        case .dynamodb: "dynamodb"
        }
    }
}
