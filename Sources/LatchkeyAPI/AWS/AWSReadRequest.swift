package import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore

/// A read of AWS's, taken from a request and found to be allowed.
package enum AWSReadRequest: Hashable, Sendable {
    case parameter(ParameterReference, isDecrypted: Bool)
    /// `foreignARNs`: the ARNs among the names that are of another account, region or partition.
    case parameters([ParameterReference], foreignARNs: [String], isDecrypted: Bool)
    case path(PathPageRequest)
    case secret(SecretReference)
    case secrets([SecretReference])
    case description(SecretReference)

    /// Names in one GetParameters, and parameters on one page (their API references).
    static let maxParameters = 10
    /// Ids in one BatchGetSecretValue (its API reference).
    package static let maxSecrets = 20

    /// - Throws: AWS's own error for a body that is not this operation's, `AccessDeniedException` for names that are
    ///   not the application's.
    package init(
        _ operation: AWSReadOperation, body: [UInt8], names: ResourceNames, caller: String
    ) throws(AWSFault) {
        let reader = AWSRequestDecoder(input: try AWSInput(body), operation: operation, names: names, caller: caller)
        switch operation {
        case .getParameter:
            self = .parameter(
                try reader.parameter(reader.input.required("Name")),
                isDecrypted: try reader.input.flag("WithDecryption"))
        case .getParameters:
            let (asks, foreignARNs) = try reader.parameters()
            self = .parameters(asks, foreignARNs: foreignARNs, isDecrypted: try reader.input.flag("WithDecryption"))
        case .getParametersByPath: self = .path(try reader.path())
        case .getSecretValue: self = .secret(try reader.secret())
        case .batchGetSecretValue: self = .secrets(try reader.secrets())
        case .describeSecret: self = .description(try reader.secret(reader.input.required("SecretId")))
        }
    }

    package var operation: AWSReadOperation {
        switch self {
        case .parameter: .getParameter
        case .parameters: .getParameters
        case .path: .getParametersByPath
        case .secret: .getSecretValue
        case .secrets: .batchGetSecretValue
        case .description: .describeSecret
        }
    }
}
