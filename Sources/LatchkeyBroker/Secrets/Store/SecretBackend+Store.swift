package import LatchkeyCore

extension SecretBackend {
    /// The store that serves callers.
    package var store: SecretStore {
        switch self {
        case .parameterStore: .parameterStore
        case .secretsManager, .shadow: .secretsManager
        }
    }
}
