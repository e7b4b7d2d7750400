internal import LatchkeyAWS

/// The AWS operations that Latchkey answers.
package enum AWSReadOperation: String, Hashable, Sendable, CaseIterable {
    case getParameter = "GetParameter"
    case getParameters = "GetParameters"
    case getParametersByPath = "GetParametersByPath"
    case getSecretValue = "GetSecretValue"
    case batchGetSecretValue = "BatchGetSecretValue"
    case describeSecret = "DescribeSecret"

    package var service: AWSReadService {
        switch self {
        case .getParameter, .getParameters, .getParametersByPath: .parameterStore
        case .getSecretValue, .batchGetSecretValue, .describeSecret: .secretsManager
        }
    }

    /// The IAM action, such as `ssm:GetParameter`.
    package var action: String { "\(service.rawValue):\(rawValue)" }
}
