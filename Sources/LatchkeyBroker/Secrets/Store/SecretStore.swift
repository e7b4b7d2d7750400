package import LatchkeyMetrics

/// A store of secrets.
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
