/// Where secrets are read from: the value of `LATCHKEY_SECRETS_BACKEND`, or of the parameter
/// `<prefix>/latchkey/backend` if the setting is `auto`.
package enum SecretBackend: String, Hashable, Sendable, CaseIterable {
    case parameterStore = "parameter-store"
    case secretsManager = "secrets-manager"
    /// Callers are served from Secrets Manager, and each value is compared with Parameter Store in the background.
    case shadow

    /// The store that serves callers.
    package var store: SecretStore {
        switch self {
        case .parameterStore: .parameterStore
        case .secretsManager, .shadow: .secretsManager
        }
    }
}
