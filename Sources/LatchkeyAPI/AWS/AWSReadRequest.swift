package import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore

/// A decoded read request whose names all belong to the application.
package enum AWSReadRequest: Hashable, Sendable {
    case parameter(ParameterReference, isDecrypted: Bool)
    /// `foreignARNs`: ARNs among the names that belong to another account, region or partition.
    case parameters([ParameterReference], foreignARNs: [String], isDecrypted: Bool)
    case path(PathPageRequest)
    case secret(SecretReference)
    /// `denied`: the ids among them that the caller may not have, as it wrote them.
    case secrets([SecretReference], denied: [String])
    case description(SecretReference)

    /// Names in one GetParameters, and parameters on one page of GetParametersByPath (their API references).
    static let maxParameters = 10
    /// Ids in one BatchGetSecretValue (its API reference).
    package static let maxSecrets = 20

    /// Decodes the body of a request.
    /// - Throws: the error that AWS sends for a malformed body, and `AccessDeniedException` for names that do not
    ///   belong to the application.
    package init(
        _ operation: AWSReadOperation, body: [UInt8], names: ResourceNames, caller: String
    ) throws(AWSProtocolError) {
        try self.init(operation, input: AWSInput(body), names: names, caller: caller)
    }

    /// Decodes the members of a request.
    init(
        _ operation: AWSReadOperation, input: AWSInput, names: ResourceNames, caller: String
    ) throws(AWSProtocolError) {
        let reader = AWSRequestDecoder(input: input, operation: operation, names: names, caller: caller)
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
        case .batchGetSecretValue: self = .secrets(try reader.secrets(), denied: [])
        case .describeSecret: self = .description(try reader.secret(reader.input.required("SecretId")))
        }
    }

    /// The secrets that are asked for, and the path of a listing.
    var names: [String] {
        switch self {
        case .parameter(let ask, _): [ask.query.key.name]
        case .parameters(let asks, let foreignARNs, _): asks.map(\.query.key.name) + foreignARNs
        case .path(let ask): [ask.path]
        case .secret(let ask), .description(let ask): [(ask.shortQuery ?? ask.query).key.name]
        case .secrets(let asks, _): asks.map { ($0.shortQuery ?? $0.query).key.name }
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
