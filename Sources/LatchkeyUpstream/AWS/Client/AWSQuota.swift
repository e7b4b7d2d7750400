internal import LatchkeyMetrics

/// A quota of calls a second that the whole AWS account shares (AWS General Reference, "AWS Systems Manager endpoints
/// and quotas").
package enum AWSQuota: Hashable, Sendable, CaseIterable {
    /// GetParameter, GetParameters and GetParametersByPath together: 40 a second by default.
    case parameterReads
    /// PutParameter: 3 a second by default.
    case parameterWrites

    /// The limit on the writes of this process, however many reads the settings allow.
    package static let maxWritesPerSecond = 3

    /// The quota that a call counts towards. Nil for calls whose rate is not limited here.
    init?(_ operation: AWSOperation) {
        guard operation.service == .parameterStore else { return nil }
        switch operation.metric {
        case .putParameter, .deleteParameter, .deleteParameters: self = .parameterWrites
        default: self = .parameterReads
        }
    }
}
