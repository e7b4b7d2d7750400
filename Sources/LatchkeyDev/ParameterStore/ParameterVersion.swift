internal import LatchkeyCore
internal import LatchkeyCrypto

/// One version of a parameter.
struct ParameterVersion {
    let number: Int64
    let value: Secret
    let modified: WallTime
    let tier: ParameterTier
    var labels: [String] = []

    /// The most labels of one version, and of one request (LabelParameterVersion).
    static let maxLabels = 10
}
