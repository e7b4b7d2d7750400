internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Tier {
    /// ``name`` without a String.
    package var header: StaticString {
        switch self {
        case .memory: "memory"
        case .parameterStore: "parameter-store"
        case .secretsManager: "secrets-manager"
        case .auth0: "auth0"
        case .oauth2: "oauth2"
        case .dynamodb: "dynamodb"
        }
    }
}
