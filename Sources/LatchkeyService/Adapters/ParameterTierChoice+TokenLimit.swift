internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

extension ParameterTierChoice {
    /// The maximum size of a token in a parameter of this tier, and how to allow larger ones.
    var tokenLimit: SharedTokenLimit {
        let larger = ParameterTier.advanced
        let upgrade =
            maxValueBytes < larger.maxValueBytes
            ? "\(SettingName.tokenParameterTier.rawValue)=\(Self.advanced.rawValue) takes \(larger.maxValueBytes) bytes, "
            : ""
        return SharedTokenLimit(
            bytes: maxValueBytes,
            remedy: "\(upgrade)\(SettingName.sharedTier.rawValue)=dynamodb:<table> takes any token")
    }
}
