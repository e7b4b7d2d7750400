package import LatchkeyBroker
internal import LatchkeyCore
package import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

extension Settings.SharedTierChoice {
    /// The tier; nil for none.
    package var tier: Tier? {
        switch self {
        case .parameterStore: .parameterStore
        case .dynamodb: .dynamodb
        case .none: nil
        }
    }
}

extension Settings {
    /// The maximum size of a shared token; nil if there is no limit or no sharing.
    package var sharedTokenLimit: SharedTokenLimit? {
        sharedTier == .parameterStore ? tokenParameterTier.tokenLimit : nil
    }

    func connectSharedTier(_ client: AWSClient, _ parameterStore: ParameterStore, _ time: Timing) -> SharedTier? {
        switch sharedTier {
        case .parameterStore:
            .parameterStore(
                parameterStore, prefix: prefix, parameterTier: tokenParameterTier, keyID: tokenKMSKey, time: time)
        case .dynamodb(let table): .dynamodb(client, table: table, prefix: prefix, time: time)
        case .none: nil
        }
    }
}
