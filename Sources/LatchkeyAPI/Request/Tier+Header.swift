internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Tier {
    /// ``name`` as a `StaticString`, which is written without allocation.
    var header: StaticString {
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
