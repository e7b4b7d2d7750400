package import LatchkeyBroker
internal import LatchkeyCore
package import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

extension Settings.SharedTierChoice {
    /// The tier's name; nil for none.
    package var tier: Tier? {
        switch self {
        case .parameterStore: .parameterStore
        case .dynamodb: .dynamodb
        case .none: nil
        }
    }
}

extension Settings {
    /// The longest token that replicas can share; nil where there is no bound, or nothing is shared.
    package var sharedTokenLimit: SharedTokenLimit? {
        sharedTier == .parameterStore ? tokenParameterTier.tokenLimit : nil
    }

    func connectSharedTier(_ client: AWSClient, _ parameterStore: ParameterStore) -> SharedTier? {
        switch sharedTier {
        case .parameterStore:
            .parameterStore(parameterStore, prefix: prefix, parameterTier: tokenParameterTier, keyID: tokenKMSKey)
        case .dynamodb(let table): .dynamodb(client, table: table, prefix: prefix)
        case .none: nil
        }
    }
}
