package import LatchkeyMetrics

/// One of the two places where secrets are kept.
package enum SecretStore: Hashable, Sendable, CaseIterable {
    case parameterStore
    case secretsManager

    package var tier: Tier {
        switch self {
        case .parameterStore: .parameterStore
        case .secretsManager: .secretsManager
        }
    }
}

/// Where secrets are read: what `LATCHKEY_SECRETS_BACKEND` says, or what the parameter `<prefix>/latchkey/backend` says
/// to those who follow it (`auto`).
package enum SecretBackend: String, Hashable, Sendable, CaseIterable {
    case parameterStore = "parameter-store"
    case secretsManager = "secrets-manager"
    /// Served from Secrets Manager; what Parameter Store has is compared with it behind the callers' backs.
    case shadow

    /// The store that answers callers.
    package var store: SecretStore {
        switch self {
        case .parameterStore: .parameterStore
        case .secretsManager, .shadow: .secretsManager
        }
    }
}
