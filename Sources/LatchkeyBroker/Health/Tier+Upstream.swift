internal import LatchkeyMetrics

extension Tier {
    /// The upstream behind a tier; nil for memory.
    var upstream: Upstream? {
        switch self {
        case .memory: nil
        case .parameterStore: .parameterStore
        case .secretsManager: .secretsManager
        case .auth0: .auth0
        case .oauth2: .oauth2
        case .dynamodb: .dynamodb
        }
    }
}
